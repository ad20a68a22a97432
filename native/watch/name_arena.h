#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "watch/paged_array.h"

namespace syncline {

// Holds file names (1 to 255 bytes) in pages and reuses the room of freed ones by size. A reference stays
// valid until it is freed, a view until the next Free of it. Not thread-safe.
class NameArena {
 public:
  // Returns a reference that Get and Free understand.
  uint32_t Add(std::string_view name);
  std::string_view Get(uint32_t reference) const;
  void Free(uint32_t reference);

  size_t ByteSize() const { return words_.ByteSize(); }

 private:
  static constexpr uint32_t kNone = 0xffffffff;
  // Length byte and name, rounded up to words of 4 bytes.
  static uint32_t WordsFor(size_t length) { return static_cast<uint32_t>(length / 4 + 1); }

  PagedArray<uint32_t> words_;
  uint32_t used_ = 0;
  std::array<uint32_t, 65> free_ = [] {
    std::array<uint32_t, 65> none{};
    none.fill(kNone);
    return none;
  }();
};

}  // namespace syncline
