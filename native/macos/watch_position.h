#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "watch/root_identity.h"

namespace syncline {

// How far a watch had come: what a later one needs to begin there. It holds as long as the volume's journal
// is the same one (its UUID) and the root the same directory of it. The device's number is not kept: it may
// be another one after each mount.
struct WatchPosition {
  std::string journal;  // the UUID as text
  uint64_t id = 0;
  RootIdentity root;
};

// As a token for whoever stores it, and back; nothing if it is not of this version of this backend.
std::string FormatPosition(const WatchPosition& position);
std::optional<WatchPosition> ParsePosition(std::string_view token);

// True when history can be told from the position: `journal`, `latest_id` and `root` are those of now, and
// `journal` is empty when the volume has none.
bool MayResume(const WatchPosition& position, std::string_view journal, uint64_t latest_id,
               const RootIdentity& root);

}  // namespace syncline
