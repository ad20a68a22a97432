#include "copy/temporary_name.h"

#include <algorithm>
#include <cstdint>
#include <random>

namespace syncline {
namespace {

constexpr std::string_view kPrefix = ".syncline-tmp-";
constexpr std::string_view kDigits = "0123456789abcdef";
constexpr size_t kDigitCount = 16;

}  // namespace

std::string MakeTemporaryName() {
  thread_local std::mt19937_64 numbers = [] {
    std::random_device device;
    return std::mt19937_64((static_cast<uint64_t>(device()) << 32) | device());
  }();
  std::string name(kPrefix);
  uint64_t number = numbers();
  for (size_t i = 0; i < kDigitCount; ++i, number >>= 4) {
    name.push_back(kDigits[number & 15]);
  }
  return name;
}

bool IsTemporaryName(std::string_view name) {
  return name.size() == kPrefix.size() + kDigitCount && name.starts_with(kPrefix) &&
         name.find_first_not_of(kDigits, kPrefix.size()) == std::string_view::npos;
}

}  // namespace syncline
