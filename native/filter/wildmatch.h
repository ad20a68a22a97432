#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace syncline {

// One wildcard pattern of rsync, read once and matched against bytes many times. `*`, `?` and classes never
// match `/`,
// `**` does; a backslash takes the next byte literally. The time of a match is bounded by the product of both
// lengths, whatever the pattern. Immutable.
class WildPattern {
 public:
  enum class Problem : uint8_t { kNone, kUnclosedClass, kUnknownClass, kTrailingBackslash };

  // Any bytes are a pattern. One with a problem matches nothing, as in rsync.
  explicit WildPattern(std::string_view pattern);

  // The first thing wrong with the pattern.
  Problem problem() const { return problem_; }

  // True when the pattern matches all of `text`.
  bool Matches(std::string_view text) const;

 private:
  enum class TokenKind : uint8_t { kByte, kAnyByte, kClass, kStar, kStarStar, kMismatch };
  struct Token {
    TokenKind kind;
    uint8_t byte;
    uint16_t class_index;
  };
  void ReadClass(std::string_view pattern, size_t* at);
  void Break(Problem problem);
  bool TokenMatches(const Token& token, uint8_t byte) const;

  std::vector<Token> tokens_;
  std::vector<std::bitset<256>> classes_;
  Problem problem_ = Problem::kNone;
};

// True when rsync takes `pattern` for a wildcard pattern; otherwise all of its bytes are literal, backslashes
// too.
inline bool HasWildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace syncline
