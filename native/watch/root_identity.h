#pragma once

#include <cstdint>

namespace syncline {

// Tells a directory from every other, also from a later one with the same inode number (by its birth time,
// where the file system has one).
struct RootIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t birth_seconds = 0;
  uint32_t birth_nanoseconds = 0;
  bool operator==(const RootIdentity&) const = default;
};

}  // namespace syncline
