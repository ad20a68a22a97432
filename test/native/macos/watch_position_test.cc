#include "macos/watch_position.h"

#include <doctest/doctest.h>

namespace syncline::testing {
namespace {

const WatchPosition kPosition = {"01234567-89AB-CDEF-0123-456789ABCDEF", 1234, {1, 2, -3, 4}};

}  // namespace

TEST_CASE("a position survives being stored") {
  const auto read = ParsePosition(FormatPosition(kPosition));
  REQUIRE(read.has_value());
  CHECK(read->journal == kPosition.journal);
  CHECK(read->id == kPosition.id);
  CHECK(read->root == RootIdentity{0, 2, -3, 4});
}

TEST_CASE("what is no position of this backend is not taken for one") {
  const std::string token = FormatPosition(kPosition);
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("inotify1:1"), token + ":1", token + "x",
        token.substr(1), std::string("fsevents1:01234567-89AB-CDEF-0123-456789ABCDEF:-1:2:3:4"),
        std::string("fsevents1:not-a-uuid:1:2:3:4")}) {
    CHECK_MESSAGE(!ParsePosition(text).has_value(), text);
  }
}

TEST_CASE("history is told only from the same journal, the same root and an id that was given out") {
  const std::string& journal = kPosition.journal;
  CHECK(MayResume(kPosition, journal, 1234, kPosition.root));
  CHECK(MayResume(kPosition, journal, 9999, kPosition.root));
  CHECK(MayResume(kPosition, journal, 9999, {7, 2, -3, 4}));  // mounted anew
  CHECK_FALSE(MayResume(kPosition, journal, 1233, kPosition.root));
  CHECK_FALSE(MayResume(kPosition, "", 9999, kPosition.root));
  CHECK_FALSE(MayResume(kPosition, "11234567-89AB-CDEF-0123-456789ABCDEF", 9999, kPosition.root));
  CHECK_FALSE(MayResume(kPosition, journal, 9999, {1, 3, -3, 4}));
  CHECK_FALSE(MayResume({journal, 0, kPosition.root}, journal, 9999, kPosition.root));
}

}  // namespace syncline::testing
