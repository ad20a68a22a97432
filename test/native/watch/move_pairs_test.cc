#include "watch/move_pairs.h"

#include <doctest/doctest.h>

namespace syncline {
namespace {

MoveSource Half(const std::string& name, int64_t seen_ms) {
  MoveSource source;
  source.name = name;
  source.seen_ms = seen_ms;
  return source;
}

}  // namespace

TEST_CASE("the halves of a move are paired by cookie, once, whatever lies between") {
  MovePairs pairs;
  CHECK_FALSE(pairs.AddSource(1, Half("a", 10)));
  CHECK_FALSE(pairs.AddSource(2, Half("b", 11)));
  CHECK_FALSE(pairs.TakeSource(3));
  CHECK(pairs.TakeSource(2)->name == "b");
  CHECK_FALSE(pairs.TakeSource(2));
  CHECK(pairs.TakeSource(1)->name == "a");
  CHECK(pairs.Size() == 0);
  CHECK_FALSE(pairs.OldestSeenMs());
}

TEST_CASE("halves are given up in the order they came, those seen later stay") {
  MovePairs pairs;
  for (uint32_t i = 0; i < 5; i++) {
    pairs.AddSource(i, Half(std::to_string(i), 100 + i));
  }
  pairs.TakeSource(0);
  CHECK(pairs.OldestSeenMs() == 101);
  const std::vector<MoveSource> taken = pairs.TakeSeenBy(102);
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].name == "1");
  CHECK(taken[1].name == "2");
  CHECK(pairs.OldestSeenMs() == 103);
  CHECK(pairs.TakeSeenBy(102).empty());
  CHECK(pairs.Size() == 2);
}

TEST_CASE("beyond the cap the oldest half is given back") {
  MovePairs pairs(2);
  pairs.AddSource(1, Half("a", 1));
  pairs.AddSource(2, Half("b", 2));
  CHECK(pairs.AddSource(3, Half("c", 3))->name == "a");
  pairs.TakeSource(2);
  CHECK_FALSE(pairs.AddSource(4, Half("d", 4)));
  CHECK(pairs.Size() == 2);
  CHECK_FALSE(pairs.TakeSource(1));
}

TEST_CASE("a cookie that comes again gives back the half it had, and is as old as the new one") {
  MovePairs pairs;
  pairs.AddSource(1, Half("old", 1));
  pairs.AddSource(2, Half("other", 2));
  CHECK(pairs.AddSource(1, Half("new", 3))->name == "old");
  CHECK(pairs.OldestSeenMs() == 2);
  CHECK(pairs.TakeSource(1)->name == "new");
}

}  // namespace syncline
