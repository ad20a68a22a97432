#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace syncline {

// What differs in an entry that both sides have; bits.
enum ChangedPart : uint32_t {
  // Of a symlink or a device: what it stands for.
  kChangedContent = 1U << 0,
  kChangedSize = 1U << 1,
  kChangedTime = 1U << 2,
  kChangedMode = 1U << 3,
  kChangedOwner = 1U << 4,
  kChangedGroup = 1U << 5,
  kChangedAcl = 1U << 6,
  kChangedXattrs = 1U << 7,
};

// How an entry is brought up to date, as rsync's %i (rsync(1), --itemize-changes) has it.
enum class ChangeWay : uint8_t { kNew, kReplaced, kAttributes, kLinked };

// Eleven characters. `type` is the source's st_mode.
std::string ItemizedChange(mode_t type, ChangeWay way, uint32_t parts);

}  // namespace syncline
