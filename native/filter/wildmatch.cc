#include "filter/wildmatch.h"

namespace syncline {
namespace {

using ByteSet = std::bitset<256>;

constexpr bool IsBetween(int byte, int low, int high) { return byte >= low && byte <= high; }

// The classes of the C locale: bytes above 127 belong to none.
bool IsInNamedClass(std::string_view name, int byte, bool* known) {
  const bool upper = IsBetween(byte, 'A', 'Z');
  const bool lower = IsBetween(byte, 'a', 'z');
  const bool digit = IsBetween(byte, '0', '9');
  const bool graph = IsBetween(byte, 0x21, 0x7e);
  const bool alnum = upper || lower || digit;
  *known = true;
  if (name == "alnum") return alnum;
  if (name == "alpha") return upper || lower;
  if (name == "blank") return byte == ' ' || byte == '\t';
  if (name == "cntrl") return byte < 0x20 || byte == 0x7f;
  if (name == "digit") return digit;
  if (name == "graph") return graph;
  if (name == "lower") return lower;
  if (name == "print") return graph || byte == ' ';
  if (name == "punct") return graph && !alnum;
  if (name == "space") return byte == ' ' || IsBetween(byte, '\t', '\r');
  if (name == "upper") return upper;
  if (name == "xdigit") return digit || IsBetween(byte, 'A', 'F') || IsBetween(byte, 'a', 'f');
  *known = false;
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
      const std::string_view name = pattern.substr(name_start, end - 1 - name_start);
      for (int member = 0; member < 256; ++member) {
        bool known = false;
        if (IsInNamedClass(name, member, &known)) {
          set.set(static_cast<size_t>(member));
        }
        if (!known) {
          return WildPattern::Problem::kUnknownClass;
        }
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
      stars_.push_back(tokens_.size());
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

WildPattern::Result WildPattern::MatchFrom(size_t token, std::string_view text, size_t at) const {
  for (; token < tokens_.size(); ++token, ++at) {
    const Token& wanted = tokens_[token];
    if (wanted.kind == TokenKind::kStar || wanted.kind == TokenKind::kStarStar) {
      return MatchStar(token, text, at);
    }
    if (at == text.size()) {
      return Result::kTooShort;
    }
    if (!TokenMatches(wanted, static_cast<uint8_t>(text[at]))) {
      return Result::kNo;
    }
  }
  return at == text.size() ? Result::kYes : Result::kNo;
}

WildPattern::Result WildPattern::MatchLastStar(size_t star, std::string_view text, size_t at) const {
  const bool stops = tokens_[star].kind == TokenKind::kStar && text.find('/', at) != std::string_view::npos;
  return stops ? Result::kNo : Result::kYes;
}

WildPattern::Result WildPattern::MatchStar(size_t star, std::string_view text, size_t at) const {
  if (star + 1 == tokens_.size()) {
    return MatchLastStar(star, text, at);
  }
  const bool crosses = tokens_[star].kind == TokenKind::kStarStar;
  const Token& next = tokens_[star + 1];
  for (; at < text.size(); ++at) {
    Result result = Result::kNo;
    if (next.kind != TokenKind::kByte || next.byte == static_cast<uint8_t>(text[at])) {
      result = MatchFrom(star + 1, text, at);
    }
    if (result == Result::kNo) {
      if (!crosses && text[at] == '/') {
        return Result::kStoppedAtSlash;
      }
    } else if (!crosses || result != Result::kStoppedAtSlash) {
      return result;
    }
  }
  return Result::kTooShort;
}

// The same answer as MatchFrom(0, ...) without backtracking: from the last star to the first, what each gives
// for every place where it could start.
WildPattern::Result WildPattern::MatchManyStars(std::string_view text, size_t at) const {
  std::vector<Result> later;  // results of the next star
  std::vector<Result> results(text.size() + 1);
  const auto match_segment = [&](size_t token, size_t end, size_t place) {
    for (; token < end; ++token, ++place) {
      if (place == text.size()) {
        return Result::kTooShort;
      }
      if (!TokenMatches(tokens_[token], static_cast<uint8_t>(text[place]))) {
        return Result::kNo;
      }
    }
    if (end < tokens_.size()) {
      return later[place];
    }
    return place == text.size() ? Result::kYes : Result::kNo;
  };
  for (size_t k = stars_.size(); k-- > 0;) {
    const size_t star = stars_[k];
    const bool crosses = tokens_[star].kind == TokenKind::kStarStar;
    const size_t end = k + 1 < stars_.size() ? stars_[k + 1] : tokens_.size();
    const bool last = star + 1 == tokens_.size();
    results[text.size()] = last ? Result::kYes : Result::kTooShort;
    for (size_t place = text.size(); place-- > at;) {
      if (last) {
        results[place] = !crosses && (text[place] == '/' || results[place + 1] == Result::kNo) ? Result::kNo
                                                                                               : Result::kYes;
        continue;
      }
      const Result here = match_segment(star + 1, end, place);
      if (here == Result::kNo) {
        results[place] = !crosses && text[place] == '/' ? Result::kStoppedAtSlash : results[place + 1];
      } else if (!crosses || here != Result::kStoppedAtSlash) {
        results[place] = here;
      } else {
        results[place] = results[place + 1];
      }
    }
    later.swap(results);
    results.resize(text.size() + 1);
  }
  return match_segment(0, stars_.front(), at);
}

WildPattern::Result WildPattern::Match(std::string_view text, size_t at) const {
  constexpr size_t kMaxBacktrackingStars = 2;
  if (stars_.size() <= kMaxBacktrackingStars) {
    return MatchFrom(0, text, at);
  }
  for (size_t token = 0; token < stars_.front(); ++token) {
    if (at + token == text.size()) {
      return Result::kTooShort;
    }
    if (!TokenMatches(tokens_[token], static_cast<uint8_t>(text[at + token]))) {
      return Result::kNo;
    }
  }
  return MatchManyStars(text, at);
}

bool WildPattern::MatchesWhole(std::string_view text) const { return Match(text, 0) == Result::kYes; }

bool WildPattern::MatchesTail(std::string_view text) const {
  Result result = Match(text, 0);
  if (result == Result::kStoppedAtSlash) {
    result = Result::kNo;
  }
  for (size_t slash = text.find('/'); result == Result::kNo && slash != std::string_view::npos;
       slash = text.find('/', slash + 1)) {
    result = Match(text, slash + 1);
  }
  return result == Result::kYes;
}

}  // namespace syncline
