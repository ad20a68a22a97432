#include "macos/gone_names.h"

#include <string>
#include <utility>

#include "watch/name_hash.h"

namespace syncline {
namespace {

constexpr uint64_t kSeveral = 0;

// Lower case for ASCII; the rest is one and the same, since what a volume folds there is its own affair.
uint64_t LooseHash(std::string_view path) {
  std::string folded;
  for (const char c : path) {
    if ((static_cast<unsigned char>(c) & 0x80) == 0) {
      folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      continue;
    }
    if (!folded.empty() && folded.back() != '/' && folded.back() != '\0') {
      folded.pop_back();  // A decomposed letter begins with an ASCII one.
    }
    if (folded.empty() || folded.back() != '\0') {
      folded += '\0';
    }
  }
  return HashName(0, folded);
}

}  // namespace

void GoneNames::Add(std::string_view path) {
  if (young_.size() >= kGeneration) {
    old_ = std::exchange(young_, {});
  }
  const uint64_t spelling = HashName(0, path);
  const auto [known, is_new] = young_.try_emplace(LooseHash(path), spelling);
  if (!is_new && known->second != spelling) {
    known->second = kSeveral;
  }
}

bool GoneNames::HadLike(std::string_view path) const {
  const uint64_t loose = LooseHash(path);
  for (const auto* generation : {&young_, &old_}) {
    const auto known = generation->find(loose);
    if (known != generation->end() && known->second != HashName(0, path)) {
      return true;
    }
  }
  return false;
}

}  // namespace syncline
