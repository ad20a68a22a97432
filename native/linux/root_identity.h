#pragma once

#include <cstdint>
#include <string>

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

// Of an open directory, or of what `path` leads to (symlinks followed). 0, or an errno; ENOTDIR if it is
// none.
int IdentifyDirectory(int fd, RootIdentity* identity);
int IdentifyDirectory(const std::string& path, RootIdentity* identity);

}  // namespace syncline
