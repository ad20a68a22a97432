#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace syncline {

// A fast hash of a directory's number and a name in it; eight bytes a step, good in its low bits.
inline uint64_t HashName(uint64_t directory, std::string_view name) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15ULL;
  uint64_t hash = (directory + 1) * kMultiplier ^ name.size();
  const char* at = name.data();
  size_t left = name.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, 8);
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
  }
  uint64_t tail = 0;
  if (left > 0) {
    std::memcpy(&tail, at, left);
  }
  hash = (hash ^ tail) * kMultiplier;
  return hash ^ hash >> 29;
}

}  // namespace syncline
