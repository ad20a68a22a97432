#include "filter/nested_filters.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace syncline;

namespace {

std::shared_ptr<const RuleList> Without(std::string pattern, bool anchored = false) {
  const FilterRule rule{.pattern = std::move(pattern), .anchored = anchored};
  return std::make_shared<const RuleList>(std::vector<FilterRule>{rule});
}

}  // namespace

TEST_CASE("what the outer tree leaves out is kept where it is, holds, or leads to a tree inside") {
  const NestedFilters filters({{"", Without("x")}, {"x/in", nullptr}});
  CHECK(filters.ExcludesEntry("y/x", true));
  CHECK(filters.ExcludesEntry("x/other", true));
  CHECK(filters.ExcludesEntry("x/inn", true));
  CHECK_FALSE(filters.ExcludesEntry("x", true));
  CHECK_FALSE(filters.ExcludesEntry("x/in", true));
  CHECK_FALSE(filters.ExcludesEntry("x/in/x", true));
}

TEST_CASE("inside a tree only what both leave out is left out, each by paths of its own") {
  const NestedFilters filters({{"", Without("cache")}, {"in", Without("cache", true)}});
  CHECK(filters.ExcludesEntry("in/cache", true));
  CHECK(filters.ExcludesEntry("in/cache/below", true));
  CHECK_FALSE(filters.ExcludesEntry("in/deep/cache", true));
  CHECK_FALSE(filters.ExcludesEntry("in/deep/cache/below", true));
  CHECK(filters.ExcludesEntry("deep/cache", true));
}

TEST_CASE("two filters of one tree leave out what both leave out") {
  const NestedFilters filters({{"", Without("*.o")}, {"", Without("[ab].o")}});
  CHECK(filters.ExcludesEntry("a.o", true));
  CHECK_FALSE(filters.ExcludesEntry("c.o", true));
}
