#include "filter/select_batch.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "filter/event_batch_view.h"

// What becomes of each kind of record is in test/filter/select.test.ts, through the addon; here is what only
// bytes show.
using namespace syncline;

namespace {

constexpr uint32_t kSequence = 7;

std::vector<uint8_t> SampleBatch() {
  EventBatchWriter writer;
  const uint32_t root = writer.AddDirectory("");
  const uint32_t kept = writer.AddDirectory("kept");
  const uint32_t out = writer.AddDirectory("kept/out");
  writer.AddSlot(SlotKind::kChanged, kCreated, kept, "a", 0);
  writer.AddSlot(SlotKind::kChanged, kCreated, out, "b", 0);
  writer.AddSlot(SlotKind::kMovedFrom, kIsDirectory, kept, "out", 0);
  writer.AddSlot(SlotKind::kMovedTo, kIsDirectory, root, "in", 0);
  writer.AddSlot(SlotKind::kRescan, static_cast<uint8_t>(RescanReason::kOverflow), root, "", 0);
  writer.AddSlot(SlotKind::kCoverage, static_cast<uint8_t>(CoverageState::kBlind), kept, "", 13);
  writer.AddCounts(3, 1, CoverageReason::kUnreadable);
  writer.AddSlot(SlotKind::kRoot, static_cast<uint8_t>(RootState::kBack), root, "", 0);
  writer.AddSlot(SlotKind::kBarrier, 0, root, "", 99);
  return writer.Finish(kSequence);
}

RuleList OutExcluded() { return RuleList({FilterRule{.pattern = "out"}}); }

}  // namespace

TEST_CASE("a batch of which nothing is dropped is not written anew") {
  const RuleList rules({FilterRule{.pattern = "nowhere"}});
  CHECK(SelectBatch(rules, SampleBatch()).kind == Selection::Kind::kUnchanged);
}

TEST_CASE("a reduced batch is well-formed and keeps order, sequence and counts") {
  const std::vector<uint8_t> batch = SampleBatch();
  const Selection selection = SelectBatch(OutExcluded(), batch);
  REQUIRE(selection.kind == Selection::Kind::kReduced);
  const auto view = EventBatchView::Parse(selection.batch);
  REQUIRE(view);
  CHECK(view->Sequence() == kSequence);
  const SlotKind kinds[] = {SlotKind::kChanged, SlotKind::kChanged,  SlotKind::kRescan,
                            SlotKind::kRescan,  SlotKind::kCoverage, SlotKind::kCoverageCounts,
                            SlotKind::kRoot,    SlotKind::kBarrier};
  REQUIRE(view->SlotCount() == std::size(kinds));
  for (uint32_t i = 0; i < view->SlotCount(); ++i) {
    CHECK(view->Kind(i) == kinds[i]);
  }
  CHECK(view->Slot(1).name == "in");
  CHECK(view->Slot(1).hints == (kModified | kClosed | kIsDirectory));
  CHECK(view->Directory(view->Slot(2).directory) == "in");
  CHECK(view->Counts(5).watched == 3);
  CHECK(view->Counts(5).reason == CoverageReason::kUnreadable);
  CHECK(view->Slot(7).value == 99);
  CHECK(SelectBatch(OutExcluded(), selection.batch).kind == Selection::Kind::kUnchanged);
}

TEST_CASE("a buffer cut short anywhere is malformed") {
  const std::vector<uint8_t> batch = SampleBatch();
  for (size_t length = 0; length < batch.size(); ++length) {
    const std::vector<uint8_t> cut(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK(SelectBatch(OutExcluded(), cut).kind == Selection::Kind::kMalformed);
  }
}

TEST_CASE("half a record is malformed") {
  const auto check_malformed = [](auto write) {
    EventBatchWriter writer;
    write(writer, writer.AddDirectory(""));
    CHECK(SelectBatch(OutExcluded(), writer.Finish(1)).kind == Selection::Kind::kMalformed);
  };
  using Writer = EventBatchWriter;
  check_malformed([](Writer& w, uint32_t d) { w.AddSlot(SlotKind::kMovedFrom, 0, d, "a", 0); });
  check_malformed([](Writer& w, uint32_t d) { w.AddSlot(SlotKind::kMovedTo, 0, d, "a", 0); });
  check_malformed([](Writer& w, uint32_t d) { w.AddSlot(SlotKind::kCoverage, 1, d, "", 0); });
  check_malformed([](Writer& w, uint32_t) { w.AddCounts(1, 2, CoverageReason::kStart); });
  check_malformed([](Writer& w, uint32_t d) { w.AddSlot(SlotKind::kChanged, 0, d + 1, "a", 0); });
  check_malformed([](Writer& w, uint32_t d) { w.AddSlot(static_cast<SlotKind>(77), 0, d, "a", 0); });
}

TEST_CASE("no buffer with broken bytes is read out of bounds, at any alignment") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::vector<uint8_t> batch = SampleBatch();
  for (int round = 0; round < 20000; ++round) {
    // Exactly as long as it says and on an odd address, so that a sanitizer sees every step aside.
    std::vector<uint8_t> storage(batch.size() + 1);
    std::copy(batch.begin(), batch.end(), storage.begin() + 1);
    for (uint32_t breaks = random() % 4; breaks > 0; --breaks) {
      storage[1 + random() % batch.size()] = static_cast<uint8_t>(random());
    }
    const Selection selection = SelectBatch(OutExcluded(), std::span(storage).subspan(1));
    if (selection.kind == Selection::Kind::kReduced) {
      CHECK(EventBatchView::Parse(selection.batch));
    }
  }
}
