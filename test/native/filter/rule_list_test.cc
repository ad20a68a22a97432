#include "filter/rule_list.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using syncline::FilterRule;
using syncline::RuleList;

namespace {

FilterRule Exclude(std::string pattern) { return {.include = false, .pattern = std::move(pattern)}; }
FilterRule Include(std::string pattern) { return {.include = true, .pattern = std::move(pattern)}; }
FilterRule Anchored(FilterRule rule) {
  rule.anchored = true;
  return rule;
}
FilterRule DirectoryOnly(FilterRule rule) {
  rule.directory_only = true;
  return rule;
}
FilterRule Negated(FilterRule rule) {
  rule.negated = true;
  return rule;
}

}  // namespace

TEST_CASE("the first rule that matches decides, and what none matches is kept") {
  const RuleList rules(
      {Include("keep.o"), Exclude("*.o"), DirectoryOnly(Exclude("tmp")), Anchored(Exclude("top"))});
  CHECK_FALSE(rules.ExcludesEntry("a/keep.o", false));
  CHECK(rules.ExcludesEntry("a/main.o", false));
  CHECK(rules.ExcludesEntry("a/tmp", true));
  CHECK_FALSE(rules.ExcludesEntry("a/tmp", false));
  CHECK(rules.ExcludesEntry("top", false));
  CHECK_FALSE(rules.ExcludesEntry("a/top", false));
  CHECK_FALSE(rules.ExcludesEntry("a", false));
}

TEST_CASE("a pattern with a slash is matched against the end of the path, whole parts only") {
  const RuleList rules({Exclude("b/c"), Exclude("x/*.o"), Exclude("**/deep"), Exclude("all/***")});
  CHECK(rules.ExcludesEntry("a/b/c", false));
  CHECK(rules.ExcludesEntry("b/c", false));
  CHECK_FALSE(rules.ExcludesEntry("ab/c", false));
  CHECK(rules.ExcludesEntry("a/x/1.o", false));
  CHECK_FALSE(rules.ExcludesEntry("x/y/1.o", false));
  CHECK(rules.ExcludesEntry("deep", false));
  CHECK(rules.ExcludesEntry("a/b/deep", true));
  CHECK(rules.ExcludesEntry("a/all", true));
  CHECK_FALSE(rules.ExcludesEntry("a/all", false));
  CHECK(rules.ExcludesEntry("a/all/x", false));
  CHECK(rules.LooksAtParents());
}

TEST_CASE("a pattern with ** may begin at any part of the path") {
  const RuleList rules({Exclude("x*/y**"), Exclude("*ab***")});
  CHECK(rules.ExcludesEntry("x1/y", false));
  CHECK(rules.ExcludesEntry("q/x1/a/x1/y/z", false));
  CHECK(rules.ExcludesEntry("a/a/aba", false));
  CHECK_FALSE(rules.ExcludesEntry("qx1/y", false));
}

TEST_CASE("a negated rule acts on the rest, a directory rule also on every non-directory") {
  CHECK(RuleList({Negated(DirectoryOnly(Exclude("*")))}).ExcludesEntry("file", false));
  CHECK_FALSE(RuleList({Negated(DirectoryOnly(Exclude("*")))}).ExcludesEntry("directory", true));
  CHECK(RuleList({Negated(Exclude("*.c"))}).ExcludesEntry("a.h", false));
}

TEST_CASE("a rule with a prefix is matched against the absolute path") {
  FilterRule rule = Exclude("src/a");
  rule.prefix = "home/src";
  CHECK(RuleList({rule}).ExcludesEntry("a", false));
  CHECK_FALSE(RuleList({rule}).ExcludesEntry("b/a", false));
  rule.pattern = "home/src/b";
  rule.anchored = true;
  CHECK(RuleList({rule}).ExcludesEntry("b", false));
}

TEST_CASE("what lies below an excluded directory is excluded, and the root never is") {
  const RuleList rules({Include("*.c"), Exclude("out"), Exclude("*")});
  CHECK(rules.Excludes("out/main.c", false));
  CHECK_FALSE(rules.Excludes("main.c", false));
  CHECK_FALSE(rules.Excludes("", true));
  CHECK_FALSE(rules.Excludes("", false));
}

TEST_CASE("a long list of names answers as a short one, in order") {
  std::vector<FilterRule> list = {Include("name7"), DirectoryOnly(Include("name8"))};
  for (int i = 0; i < 1000; ++i) {
    list.push_back(Exclude("name" + std::to_string(i)));
  }
  list.push_back(Include("name*"));
  list.push_back(Exclude("name2000"));
  list.push_back(DirectoryOnly(Exclude("late")));
  const RuleList rules(list);
  CHECK(rules.ExcludesEntry("a/name999", false));
  CHECK_FALSE(rules.ExcludesEntry("name7", false));
  CHECK_FALSE(rules.ExcludesEntry("name8", true));
  CHECK(rules.ExcludesEntry("name8", false));
  CHECK_FALSE(rules.ExcludesEntry("name2000", false));
  CHECK(rules.ExcludesEntry("late", true));
  CHECK_FALSE(rules.ExcludesEntry("late", false));
  CHECK_FALSE(rules.LooksAtParents());
}
