#pragma once

#include <string>

#include "watch/root_identity.h"

namespace syncline {

// Of an open directory, or of what `path` leads to (symlinks followed). 0, or an errno; ENOTDIR if it is
// none.
int IdentifyDirectory(int fd, RootIdentity* identity);
int IdentifyDirectory(const std::string& path, RootIdentity* identity);

}  // namespace syncline
