#include "filter/wildmatch.h"

#include <algorithm>
#include <utility>

namespace syncline {
namespace {

using ByteSet = std::bitset<256>;

constexpr bool IsBetween(int byte, int low, int high) { return byte >= low && byte <= high; }

using BytePredicate = bool (*)(int byte);

bool IsUpper(int byte) { return IsBetween(byte, 'A', 'Z'); }
bool IsLower(int byte) { return IsBetween(byte, 'a', 'z'); }
bool IsDigit(int byte) { return IsBetween(byte, '0', '9'); }
bool IsAlpha(int byte) { return IsUpper(byte) || IsLower(byte); }
bool IsAlnum(int byte) { return IsAlpha(byte) || IsDigit(byte); }
bool IsGraph(int byte) { return IsBetween(byte, 0x21, 0x7e); }
bool IsPrint(int byte) { return IsGraph(byte) || byte == ' '; }
bool IsPunct(int byte) { return IsGraph(byte) && !IsAlnum(byte); }
bool IsCntrl(int byte) { return byte < 0x20 || byte == 0x7f; }
bool IsBlank(int byte) { return byte == ' ' || byte == '\t'; }
bool IsSpace(int byte) { return byte == ' ' || IsBetween(byte, '\t', '\r'); }
bool IsXdigit(int byte) { return IsDigit(byte) || IsBetween(byte, 'A', 'F') || IsBetween(byte, 'a', 'f'); }

// The classes of the C locale: bytes above 127 belong to none.
constexpr std::pair<std::string_view, BytePredicate> kNamedClasses[] = {
    {"alnum", IsAlnum}, {"alpha", IsAlpha}, {"blank", IsBlank}, {"cntrl", IsCntrl},
    {"digit", IsDigit}, {"graph", IsGraph}, {"lower", IsLower}, {"print", IsPrint},
    {"punct", IsPunct}, {"space", IsSpace}, {"upper", IsUpper}, {"xdigit", IsXdigit},
};

// False when no class has this name.
bool AddNamedClass(std::string_view name, ByteSet* set) {
  for (const auto& [known_name, is_member] : kNamedClasses) {
    if (name == known_name) {
      for (int byte = 0; byte < 256; ++byte) {
        if (is_member(byte)) {
          set->set(static_cast<size_t>(byte));
        }
      }
      return true;
    }
  }
  return false;
}

// Reads what stands between the brackets: `*at` is the first byte after `[`, afterwards the closing `]`.
WildPattern::Problem ReadByteSet(std::string_view pattern, size_t* at, ByteSet* result) {
  const auto byte_at = [pattern](size_t i) {
    return i < pattern.size() ? static_cast<uint8_t>(pattern[i]) : uint8_t{0};
  };
  ByteSet& set = *result;
  size_t i = *at;
  const bool inverted = byte_at(i) == '!' || byte_at(i) == '^';
  if (inverted) {
    ++i;
  }
  uint8_t range_start = 0;  // 0: what came before cannot start a range
  bool first = true;
  for (; first || byte_at(i) != ']'; ++i, first = false) {
    if (i >= pattern.size()) {
      return WildPattern::Problem::kUnclosedClass;
    }
    uint8_t byte = byte_at(i);
    if (byte == '\\') {
      if (++i >= pattern.size()) {
        return WildPattern::Problem::kUnclosedClass;
      }
      byte = byte_at(i);
      set.set(byte);
      range_start = byte;
    } else if (byte == '-' && range_start != 0 && i + 1 < pattern.size() && byte_at(i + 1) != ']') {
      byte = byte_at(++i);
      if (byte == '\\') {
        if (++i >= pattern.size()) {
          return WildPattern::Problem::kUnclosedClass;
        }
        byte = byte_at(i);
      }
      for (int member = range_start; member <= byte; ++member) {
        set.set(static_cast<size_t>(member));
      }
      range_start = 0;
    } else if (byte == '[' && byte_at(i + 1) == ':') {
      const size_t name_start = i + 2;
      const size_t end = pattern.find(']', name_start);
      if (end == std::string_view::npos) {
        return WildPattern::Problem::kUnclosedClass;
      }
      if (end == name_start || pattern[end - 1] != ':') {
        set.set('[');
        range_start = '[';
        continue;
      }
      if (!AddNamedClass(pattern.substr(name_start, end - 1 - name_start), result)) {
        return WildPattern::Problem::kUnknownClass;
      }
      i = end;
      range_start = 0;
    } else {
      set.set(byte);
      range_start = byte;
    }
  }
  if (inverted) {
    set.flip();
  }
  set.reset('/');
  *at = i;
  return WildPattern::Problem::kNone;
}

}  // namespace

WildPattern::WildPattern(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char byte = pattern[i];
    if (byte == '*') {
      const bool crosses = i + 1 < pattern.size() && pattern[i + 1] == '*';
      while (i + 1 < pattern.size() && pattern[i + 1] == '*') {
        ++i;
      }
      tokens_.push_back({crosses ? TokenKind::kStarStar : TokenKind::kStar, 0, 0});
    } else if (byte == '?') {
      tokens_.push_back({TokenKind::kAnyByte, 0, 0});
    } else if (byte == '[') {
      ReadClass(pattern, &i);
    } else if (byte == '\\') {
      if (++i == pattern.size()) {
        Break(Problem::kTrailingBackslash);
      } else {
        tokens_.push_back({TokenKind::kByte, static_cast<uint8_t>(pattern[i]), 0});
      }
    } else {
      tokens_.push_back({TokenKind::kByte, static_cast<uint8_t>(byte), 0});
    }
  }
}

void WildPattern::ReadClass(std::string_view pattern, size_t* at) {
  size_t i = *at + 1;
  ByteSet set;
  const Problem problem = ReadByteSet(pattern, &i, &set);
  if (problem != Problem::kNone) {
    Break(problem);
    *at = pattern.size();
    return;
  }
  tokens_.push_back({TokenKind::kClass, 0, static_cast<uint16_t>(classes_.size())});
  classes_.push_back(set);
  *at = i;
}

void WildPattern::Break(Problem problem) {
  problem_ = problem;
  tokens_.push_back({TokenKind::kMismatch, 0, 0});
}

bool WildPattern::TokenMatches(const Token& token, uint8_t byte) const {
  switch (token.kind) {
    case TokenKind::kByte:
      return token.byte == byte;
    case TokenKind::kAnyByte:
      return byte != '/';
    case TokenKind::kClass:
      return classes_[token.class_index].test(byte);
    default:
      return false;
  }
}

// Stars take as little as they can. A star gives way to the next star, and any star to the next `**`: what
// they have matched so far ends as early as possible, so taking more for them can only lose. Running out of
// text is therefore final.
bool WildPattern::Matches(std::string_view text) const {
  constexpr size_t kNone = SIZE_MAX;
  size_t token = 0;
  size_t at = 0;
  size_t star = kNone;  // the token of the last `*`, and where it stops for now
  size_t star_end = 0;
  size_t crossing = kNone;  // the same of the last `**`
  size_t crossing_end = 0;
  size_t first_star = kNone;  // the first `*` behind it, and where that began
  size_t first_star_at = 0;
  while (token < tokens_.size() || at < text.size()) {
    if (token < tokens_.size()) {
      const Token& wanted = tokens_[token];
      if (wanted.kind == TokenKind::kStarStar) {
        if (token + 1 == tokens_.size()) {
          return true;
        }
        crossing = token++;
        crossing_end = at;
        star = first_star = kNone;
        continue;
      }
      if (wanted.kind == TokenKind::kStar) {
        if (first_star == kNone) {
          first_star = token;
          first_star_at = at;
        }
        star = token++;
        star_end = at;
        continue;
      }
      if (at == text.size()) {
        return false;
      }
      if (TokenMatches(wanted, static_cast<uint8_t>(text[at]))) {
        ++token;
        ++at;
        continue;
      }
    }
    if (star != kNone && text[star_end] != '/') {
      at = ++star_end;
      token = star + 1;
      continue;
    }
    if (crossing == kNone) {
      return false;
    }
    ++crossing_end;
    if (first_star != kNone) {
      // The first star stands before a slash that it cannot cross: anywhere else before it would fail the
      // same way.
      const size_t after_slash = text.find('/', first_star_at) + 1;
      const size_t length = first_star - crossing - 1;
      crossing_end = std::max(crossing_end, after_slash > length ? after_slash - length : 0);
    }
    const Token& next = tokens_[crossing + 1];
    if (next.kind == TokenKind::kByte) {
      crossing_end = text.find(static_cast<char>(next.byte), crossing_end);
    }
    if (crossing_end > text.size()) {
      return false;
    }
    at = crossing_end;
    token = crossing + 1;
    star = first_star = kNone;
  }
  return true;
}

}  // namespace syncline
