#include "copy/temporary_name.h"

#include <doctest/doctest.h>

#include <set>

namespace syncline {

TEST_CASE("a temporary name is recognised, and nothing that looks like it") {
  CHECK(IsTemporaryName(MakeTemporaryName()));
  for (const char* name :
       {"", ".syncline-tmp-", ".syncline-tmp-0123456789abcde", ".syncline-tmp-0123456789abcdef0",
        ".syncline-tmp-0123456789abcdeg", "a.syncline-tmp-0123456789abcdef"}) {
    CAPTURE(name);
    CHECK_FALSE(IsTemporaryName(name));
  }
}

TEST_CASE("temporary names differ") {
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i) {
    names.insert(MakeTemporaryName());
  }
  CHECK(names.size() == 1000);
}

}  // namespace syncline
