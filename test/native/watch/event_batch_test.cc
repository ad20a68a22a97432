#include "watch/event_batch.h"

#include <doctest/doctest.h>

#include "read_records.h"

namespace syncline::testing {

TEST_CASE("a finished buffer holds header, directories, slots and bytes, and leaves the writer empty") {
  EventBatchWriter writer;
  CHECK(writer.Empty());
  const uint32_t directory = writer.AddDirectory("d\xff");
  const uint32_t slot = writer.AddSlot(SlotKind::kChanged, kModified, directory, "n\n", 5);
  writer.AddSlot(SlotKind::kCoverage, static_cast<uint8_t>(CoverageState::kBlind), directory, {}, 13);
  writer.AddCounts(3, 4, CoverageReason::kUnreadable);
  writer.SetHints(slot, kDeleted);
  const size_t size = writer.ByteSize();
  const std::vector<uint8_t> batch = writer.Finish(9);
  CHECK(batch.size() == size);
  const auto* words = reinterpret_cast<const uint32_t*>(batch.data());
  CHECK(std::vector<uint32_t>(words, words + kHeaderWords) ==
        std::vector<uint32_t>{kEventBatchMagic, kEventBatchVersion, 1, 3, 4, 9, 0, 0});
  const std::vector<Record> records = ReadRecords(batch);
  REQUIRE(records.size() == 3);
  CHECK(records[0].Path() == "d\xff/n\n");
  CHECK(records[0].hints == kDeleted);
  CHECK(records[0].value == 5);
  CHECK(records[1].value == 13);
  CHECK(records[2].watched == 3);
  CHECK(records[2].missing == 4);
  CHECK(records[2].value == static_cast<uint32_t>(CoverageReason::kUnreadable));
  CHECK(writer.Empty());
  CHECK(ReadRecords(writer.Finish(10)).empty());
}

TEST_CASE("slots are copied as they are, to another directory number") {
  EventBatchWriter from;
  from.AddSlot(SlotKind::kMovedFrom, kIsDirectory, from.AddDirectory("a"), std::string(255, 'n'), 6);
  from.AddCounts(1, 2, CoverageReason::kProgress);
  EventBatchWriter to;
  to.AddDirectory("other");
  to.CopySlot(from, 0, to.AddDirectory("a"));
  to.CopySlot(from, 1, 0);
  CHECK(to.KindOf(0) == SlotKind::kMovedFrom);
  CHECK(to.HintsOf(0) == kIsDirectory);
  CHECK(to.NameOf(0) == std::string(255, 'n'));
  CHECK(to.DirectoryPath(to.DirectoryOf(0)) == "a");
  CHECK(to.ValueOf(0) == 6);
  CHECK(to.ReasonOf(1) == CoverageReason::kProgress);
  to.SetCounts(1, 8, 9);
  CHECK(ReadRecords(to.Finish(1))[1].missing == 9);
}

}  // namespace syncline::testing
