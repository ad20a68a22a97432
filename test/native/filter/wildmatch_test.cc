#include "filter/wildmatch.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

using syncline::WildPattern;

namespace {

struct Case {
  const char* pattern;
  const char* text;
  bool matches;
};

// A slow second opinion: tries every way, without any of the short cuts.
bool MatchesSlowly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) {
    return text.empty();
  }
  if (pattern[0] != '*') {
    return !text.empty() && (pattern[0] == text[0] || (pattern[0] == '?' && text[0] != '/')) &&
           MatchesSlowly(pattern.substr(1), text.substr(1));
  }
  const size_t stars = std::min(pattern.find_first_not_of('*'), pattern.size());
  for (size_t taken = 0; taken <= text.size(); ++taken) {
    if (taken > 0 && stars == 1 && text[taken - 1] == '/') {
      return false;
    }
    if (MatchesSlowly(pattern.substr(stars), text.substr(taken))) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("a pattern matches the bytes rsync's would") {
  const Case cases[] = {
      {"*.o", "main.o", true},
      {"*.o", ".o", true},
      {"*.o", "a/main.o", false},
      {"*", "", true},
      {"*", "a/b", false},
      {"**", "a/b", true},
      {"a?c", "abc", true},
      {"a?c", "a/c", false},
      {"a**c", "a/b/c", true},
      {"a/**/c", "a/c", false},
      {"a/**/c", "a/b/c", true},
      {"a/***", "a/", true},
      {"a/***", "a", false},
      {"b**", "a/b/c", false},
      {"[a-c]x", "bx", true},
      {"[!a-c]x", "bx", false},
      {"[^a-c]x", "dx", true},
      {"[^a]x", "/x", false},
      {"[]a]", "]", true},
      {"[a-]", "-", true},
      {"[-a]", "-", true},
      {"[a-c-e]", "d", false},
      {"[a-c-e]", "-", true},
      {"[\\]]", "]", true},
      {"[[:digit:][:upper:]]", "7", true},
      {"[[:digit:][:upper:]]", "a", false},
      {"[[:alpha:]]", "\xe9", false},
      {"[[:]", "[", true},
      {"[[:a]", ":", true},
      {"[\x80-\xff]", "\xe9", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"\\a*", "ab", true},
      {"*a*b*c*d", "xaxbxcxd", true},
      {"*a*b*c*d", "xaxbxc/d", false},
      {"**a*b**c?d", "x/axb/y/cxd", true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.pattern);
    CAPTURE(c.text);
    const WildPattern pattern(c.pattern);
    CHECK(pattern.problem() == WildPattern::Problem::kNone);
    CHECK(pattern.Matches(c.text) == c.matches);
  }
}

TEST_CASE("a broken pattern is named and matches nothing") {
  const std::pair<const char*, WildPattern::Problem> cases[] = {
      {"[a", WildPattern::Problem::kUnclosedClass},
      {"a*[", WildPattern::Problem::kUnclosedClass},
      {"[]", WildPattern::Problem::kUnclosedClass},
      {"[!", WildPattern::Problem::kUnclosedClass},
      {"[a\\", WildPattern::Problem::kUnclosedClass},
      {"[a-\\", WildPattern::Problem::kUnclosedClass},
      {"[[:alpha:", WildPattern::Problem::kUnclosedClass},
      {"[[:alfa:]]", WildPattern::Problem::kUnknownClass},
      {"[[::]]", WildPattern::Problem::kUnknownClass},
      {"*\\", WildPattern::Problem::kTrailingBackslash},
  };
  for (const auto& broken : cases) {
    const char* text = broken.first;
    CAPTURE(text);
    const WildPattern pattern(text);
    CHECK(pattern.problem() == broken.second);
    CHECK_FALSE(pattern.Matches(text));
  }
}

TEST_CASE("a hostile pattern ends in time") {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) {
    pattern += i % 2 == 0 ? "*a" : "**a";
  }
  pattern += 'b';
  std::string stars = "**";
  for (int i = 0; i < 1000; ++i) {
    stars += "a*";
  }
  const std::string text(4000, 'a');
  std::string slashes;
  for (int i = 0; i < 2000; ++i) {
    slashes += "a/";
  }
  CHECK_FALSE(WildPattern(pattern).Matches(text));
  CHECK(WildPattern(pattern).Matches(text + "b"));
  CHECK_FALSE(WildPattern(stars + "b").Matches(text));
  CHECK_FALSE(WildPattern(stars + "b").Matches(text + "/" + text));
  CHECK_FALSE(WildPattern("**a**a**b").Matches(slashes));
  CHECK_FALSE(WildPattern("**/*/*/*/*/*b").Matches(slashes));
}

TEST_CASE("random patterns match as a slow matcher says") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto pick = [&random](const char* letters, size_t count, size_t length) {
    std::string text;
    for (size_t i = 0; i < length; ++i) {
      text += letters[random() % count];
    }
    return text;
  };
  for (int i = 0; i < 20000; ++i) {
    const std::string pattern = pick("ab/**?", 6, random() % 9);
    const std::string text = pick("aab/", 4, random() % 12);
    CAPTURE(pattern);
    CAPTURE(text);
    const bool expected = MatchesSlowly(pattern, text);
    CHECK(WildPattern(pattern).Matches(text) == expected);
  }
}
