#pragma once

#include <string_view>

namespace syncline {

// Decides which entries of a tree are left out. Immutable, so every thread may ask at the same time.
class PathFilter {
 public:
  virtual ~PathFilter() = default;

  // True when the rules leave out the entry at `path` (raw bytes, relative to the root, never empty). The
  // caller knows that none of the directories above it is left out. Must not throw.
  virtual bool ExcludesEntry(std::string_view path, bool is_directory) const = 0;
};

}  // namespace syncline
