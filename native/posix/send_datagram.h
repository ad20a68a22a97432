#pragma once

#include <string>

namespace syncline {

// Sends one datagram to the Unix socket at `path`. Never waits: a receiver that does not read loses it.
// Returns 0 or the errno.
int SendDatagram(const std::string& path, const std::string& bytes);

}  // namespace syncline
