#include "watch/name_arena.h"

#include <cassert>
#include <cstring>

namespace syncline {

uint32_t NameArena::Add(std::string_view name) {
  assert(!name.empty() && name.size() <= 255);
  const uint32_t words = WordsFor(name.size());
  uint32_t reference = free_[words];
  if (reference != kNone) {
    free_[words] = words_[reference];
  } else {
    constexpr uint32_t kPage = PagedArray<uint32_t>::kPageElements;
    if (used_ % kPage + words > kPage) {
      used_ = (used_ / kPage + 1) * kPage;  // A name never spans two pages.
    }
    reference = used_;
    used_ += words;
    words_.GrowTo(used_);
  }
  auto* bytes = reinterpret_cast<unsigned char*>(&words_[reference]);
  bytes[0] = static_cast<unsigned char>(name.size());
  std::memcpy(bytes + 1, name.data(), name.size());
  return reference;
}

std::string_view NameArena::Get(uint32_t reference) const {
  const auto* bytes = reinterpret_cast<const unsigned char*>(&words_[reference]);
  return {reinterpret_cast<const char*>(bytes + 1), bytes[0]};
}

void NameArena::Free(uint32_t reference) {
  const uint32_t words = WordsFor(Get(reference).size());
  words_[reference] = free_[words];
  free_[words] = reference;
}

}  // namespace syncline
