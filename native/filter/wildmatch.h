#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace syncline {

// One wildcard pattern of rsync, read once and matched against bytes many times. `*` and `?` and classes
// never match
// `/`, `**` does; a backslash takes the next byte literally. Matching takes at most (bytes of text) x (bytes
// of pattern) steps, whatever the pattern. Immutable.
class WildPattern {
 public:
  enum class Problem : uint8_t { kNone, kUnclosedClass, kUnknownClass, kTrailingBackslash };

  // Any bytes are a pattern. One with a problem matches nothing, as in rsync.
  explicit WildPattern(std::string_view pattern);

  // The first thing wrong with the pattern.
  Problem problem() const { return problem_; }

  // True when the pattern matches all of `text`.
  bool MatchesWhole(std::string_view text) const;
  // True when it matches all of `text`, or all of what follows one of its slashes. As rsync does it, the
  // first start after a slash where a single `*` of the pattern runs into a slash ends the search (measured
  // with rsync 3.5.0).
  bool MatchesTail(std::string_view text) const;

 private:
  enum class TokenKind : uint8_t { kByte, kAnyByte, kClass, kStar, kStarStar, kMismatch };
  struct Token {
    TokenKind kind;
    uint8_t byte;
    uint16_t class_index;
  };
  // kTooShort: the text ended before the pattern did, so no shorter rest of it can match either.
  // kStoppedAtSlash: a single star could not go on; only a `**` before it can still help.
  enum class Result : uint8_t { kNo, kYes, kTooShort, kStoppedAtSlash };

  void ReadClass(std::string_view pattern, size_t* at);
  void Break(Problem problem);
  bool TokenMatches(const Token& token, uint8_t byte) const;
  Result MatchFrom(size_t token, std::string_view text, size_t at) const;
  Result MatchStar(size_t star, std::string_view text, size_t at) const;
  Result MatchLastStar(size_t star, std::string_view text, size_t at) const;
  Result MatchManyStars(std::string_view text, size_t at) const;
  Result Match(std::string_view text, size_t at) const;

  std::vector<Token> tokens_;
  std::vector<std::bitset<256>> classes_;
  std::vector<size_t> stars_;  // indexes of the star tokens
  Problem problem_ = Problem::kNone;
};

// True when rsync takes `pattern` for a wildcard pattern; otherwise all of its bytes are literal, backslashes
// too.
inline bool HasWildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace syncline
