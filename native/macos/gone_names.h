#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace syncline {

// The paths last told as gone, by hash. On a volume that finds names by another spelling, a path told as gone
// is found again once something of a like name is made, and a target that looks then takes the new thing for
// the old name. What takes the place of such a path therefore needs a listing of its directory, too. Bounded:
// the oldest of some ten thousand are forgotten. Not thread-safe.
class GoneNames {
 public:
  void Add(std::string_view path);
  // True when a path was told as gone that the volume may take for this one, though it is spelled otherwise.
  bool HadLike(std::string_view path) const;

 private:
  static constexpr size_t kGeneration = 32768;

  // Hash without regard to case and accents, to hash of the spelling or 0 for several.
  std::unordered_map<uint64_t, uint64_t> young_;
  std::unordered_map<uint64_t, uint64_t> old_;
};

}  // namespace syncline
