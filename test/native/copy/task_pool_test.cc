#include "copy/task_pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>

namespace syncline {

TEST_CASE("every task is run before the pool has finished, those added by tasks too") {
  for (const unsigned threads : {1U, 2U, 4U}) {
    CAPTURE(threads);
    TaskPool pool(threads);
    std::atomic<int> small = 0;
    std::atomic<int> large = 0;
    const std::function<void(int)> add = [&](int depth) {
      ++large;
      for (int i = 0; i < 50; ++i) {
        pool.AddSmall([&small] { ++small; });
      }
      for (int i = 0; depth > 0 && i < 3; ++i) {
        pool.AddLarge([&add, depth] { add(depth - 1); });
      }
    };
    for (int round = 1; round <= 3; ++round) {
      pool.AddLarge([&add] { add(4); });
      pool.Finish();
      CHECK(large == round * 121);
      CHECK(small == round * 121 * 50);
    }
  }
}

TEST_CASE("without helpers a small task runs at once") {
  TaskPool pool(1);
  bool ran = false;
  pool.AddSmall([&ran] { ran = true; });
  CHECK(ran);
}

}  // namespace syncline
