#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace syncline {

// An array that grows a page at a time: growth never copies and never needs old and new at once, and memory
// that was not asked for is not touched. Elements of a new page are uninitialised. Not thread-safe.
template <typename T>
class PagedArray {
 public:
  static constexpr size_t kPageElements = 16384 / sizeof(T);

  T& operator[](size_t index) { return pages_[index / kPageElements][index % kPageElements]; }
  const T& operator[](size_t index) const { return pages_[index / kPageElements][index % kPageElements]; }

  // Makes indexes below `size` valid.
  void GrowTo(size_t size) {
    while (pages_.size() * kPageElements < size) {
      pages_.push_back(std::make_unique_for_overwrite<T[]>(kPageElements));
    }
  }

  size_t ByteSize() const { return pages_.size() * (kPageElements * sizeof(T) + sizeof(void*)); }

 private:
  std::vector<std::unique_ptr<T[]>> pages_;
};

}  // namespace syncline
