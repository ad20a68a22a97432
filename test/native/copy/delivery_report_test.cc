#include "copy/delivery_report.h"

#include <doctest/doctest.h>

#include <string>

namespace syncline {
namespace {

TEST_CASE("a delivery that tells much rings before it ends, and what is left is told at the end") {
  int rung = 0;
  DeliveryReport report([&rung] { ++rung; });
  report.Deleted("first");
  CHECK(rung == 1);
  CHECK(report.Take(2000).size() == 1);

  for (int i = 0; i < 500; ++i) {
    report.Deleted(std::to_string(i));
  }
  CHECK(rung >= 2);
  const auto taken = report.Take(2000);
  REQUIRE(taken.size() == 500);
  CHECK(taken.back().path == "499");

  report.Deleted("last");
  report.End();
  CHECK(rung >= 3);
  CHECK_FALSE(report.Ended());
  REQUIRE(report.Take(2000).size() == 1);
  CHECK(report.Ended());
}

TEST_CASE("the end of a delivery rings even where nothing was told") {
  int rung = 0;
  DeliveryReport report([&rung] { ++rung; });
  report.End();
  CHECK(rung == 1);
  CHECK(report.Take(1).empty());
  CHECK(report.Ended());
}

TEST_CASE("records that were not all taken ring again") {
  int rung = 0;
  DeliveryReport report([&rung] { ++rung; });
  report.Deleted("a");
  report.Deleted("b");
  CHECK(rung == 1);
  CHECK(report.Take(1).size() == 1);
  CHECK(rung == 2);
  CHECK(report.Take(1).front().path == "b");
}

}  // namespace
}  // namespace syncline
