#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "watch/root_identity.h"

namespace syncline {

// What is at a path now.
struct DiskEntry {
  int error = 0;  // an errno; nothing else is set then
  uint64_t inode = 0;
  bool is_directory = false;
  // The last name as its directory has it: on a volume that finds names by another case or normalization it
  // may differ from the one asked for. Empty if it cannot be told.
  std::string name;
};

// The file system as the translator asks for it. Not thread-safe.
class Disk {
 public:
  virtual ~Disk() = default;
  // `path` is absolute; a symlink at its end is not followed.
  virtual DiskEntry LookAt(const std::string& path) = 0;
  // Of the directory that `path` leads to, symlinks followed. 0, or an errno; ENOTDIR if it is none.
  virtual int Identify(const std::string& path, RootIdentity* identity) = 0;
  // True when the volume may find an entry by this name that its directory spells in another way.
  virtual bool MayBeRespelled(std::string_view name) const = 0;
};

}  // namespace syncline
