#include "watch/pending_records.h"

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "read_records.h"

namespace syncline::testing {
namespace {

std::string Numbered(std::string prefix, size_t number) { return prefix += std::to_string(number); }

constexpr size_t kNoCap = size_t{1} << 30;
// What the kernel's events of one name are taken for.
constexpr uint8_t kCreate = kCreated;
constexpr uint8_t kModify = kModified;
constexpr uint8_t kCloseWrite = kModified | kClosed;
constexpr uint8_t kDelete = kDeleted;

void CheckMerge(const std::vector<uint8_t>& events, uint8_t expected) {
  PendingRecords pending(kNoCap);
  for (const uint8_t event : events) {
    pending.Changed(1, "d", "name", event);
  }
  const std::vector<Record> records = ReadRecords(pending.Take());
  REQUIRE(records.size() == 1);
  CHECK(records[0].Path() == "d/name");
  CHECK(static_cast<int>(records[0].hints) == expected);
}

// Kinds and paths, in order, a line each.
std::string Told(PendingRecords* pending) {
  static const char* const kNames[] = {"",          "changed ", "from ", "to ",     "rescan ",
                                       "coverage ", "counts",   "root ", "barrier "};
  std::string told;
  for (const Record& record : ReadRecords(pending->Take())) {
    const bool is_numbered = record.kind == SlotKind::kBarrier;
    std::string line = kNames[static_cast<int>(record.kind)];
    told += line += (is_numbered           ? std::to_string(record.value)
                     : record.name.empty() ? record.directory
                                           : record.Path()) +
                    "\n";
  }
  return told;
}

}  // namespace

TEST_CASE("events of one name merge into hints: what came first, what came last, what lies between") {
  CheckMerge({kCreate}, kCreated);
  CheckMerge({kCreate, kModify}, kCreated | kModified);
  CheckMerge({kCreate, kModify, kCloseWrite}, kCreated | kModified | kClosed);
  CheckMerge({kCloseWrite, kModify}, kModified);
  CheckMerge({kCloseWrite, kAttrib}, kModified | kClosed | kAttrib);
  CheckMerge({kDelete}, kDeleted);
  CheckMerge({kCreate, kDelete}, kCreated | kDeleted);
  CheckMerge({kCreate, kModify, kCloseWrite, kDelete}, kCreated | kModified | kDeleted);
  CheckMerge({kAttrib | kIsDirectory, kDelete | kIsDirectory}, kAttrib | kDeleted | kIsDirectory);
  CheckMerge({kListed, kCreate}, kListed);
}

TEST_CASE("a name deleted and made anew is changed content, and being written only if a write was seen") {
  CheckMerge({kDelete, kCreate}, kModified | kClosed);
  CheckMerge({kModify, kDelete, kCreate}, kModified | kClosed);
  CheckMerge({kDelete, kCreate, kModify}, kModified);
  CheckMerge({kDelete, kCreate, kModify, kCloseWrite}, kModified | kClosed);
  CheckMerge({kDelete, kCreate, kDelete}, kModified | kDeleted);
  CheckMerge({kDelete, kCreate, kDelete, kCreate}, kModified | kClosed);
  CheckMerge({kDelete | kIsDirectory, kCreate}, kModified | kClosed);
  CheckMerge({kDelete, kCreate | kIsDirectory}, kModified | kClosed | kIsDirectory);
}

TEST_CASE("a name born, gone and born again within one record is as good as born once") {
  CheckMerge({kCreate, kDelete, kCreate}, kCreated);
  CheckMerge({kCreate, kModify, kDelete, kCreate}, kCreated);
  CheckMerge({kCreate, kDelete, kCreate, kModify}, kCreated | kModified);
  CheckMerge({kCreate, kDelete, kCreate, kModify, kCloseWrite}, kCreated | kModified | kClosed);
}

TEST_CASE("a creation whose deletion was not seen is changed content, not a first one") {
  CheckMerge({kAttrib, kCreate}, kAttrib | kModified | kClosed);
  CheckMerge({kModify, kCreate}, kModified | kClosed);
  CheckMerge({kModify, kCreate, kModify}, kModified);
}

TEST_CASE("records of one name merge up to the next record of another kind, and not across it") {
  PendingRecords pending(kNoCap);
  pending.Changed(1, "", "a", kModify);
  pending.Changed(1, "", "a", kCloseWrite);
  pending.Moved("", "a", "", "b", false);
  pending.Changed(1, "", "a", kCreate);
  pending.Changed(1, "", "a", kModify);
  pending.Barrier(7);
  pending.Changed(1, "", "a", kDelete);
  CHECK(Told(&pending) == "changed a\nfrom a\nto b\nchanged a\nbarrier 7\nchanged a\n");
  CHECK(pending.Empty());
}

TEST_CASE("a key leads to the path it was given with, until paths are forgotten") {
  PendingRecords pending(kNoCap);
  CHECK_FALSE(pending.ChangedKnown(1, "a", kModify));
  pending.Changed(1, "old", "a", kModify);
  CHECK(pending.ChangedKnown(1, "b", kModify));
  pending.ForgetPaths();
  CHECK_FALSE(pending.ChangedKnown(1, "c", kModify));
  pending.Changed(1, "new", "a", kModify);
  CHECK(Told(&pending) == "changed old/a\nchanged old/b\nchanged new/a\n");
  CHECK_FALSE(pending.ChangedKnown(1, "d", kModify));
}

TEST_CASE("progress replaces progress, other coverage is kept") {
  PendingRecords pending(kNoCap);
  for (uint32_t i = 0; i < 5; i++) {
    pending.Coverage("", CoverageState::kScanning, CoverageReason::kProgress, 0, i, i + 1);
  }
  pending.Coverage("d", CoverageState::kBlind, CoverageReason::kUnreadable, 13, 4, 5);
  pending.Coverage("d", CoverageState::kWatching, CoverageReason::kRecovered, 0, 5, 5);
  const std::vector<Record> records = ReadRecords(pending.Take());
  REQUIRE(records.size() == 6);
  CHECK(records[1].watched == 4);
  CHECK(records[1].missing == 5);
  CHECK(records[2].value == 13);
}

TEST_CASE("a rescan right after the same one adds nothing") {
  PendingRecords pending(kNoCap);
  pending.Rescan("d", RescanReason::kOverflow);
  pending.Rescan("d", RescanReason::kOverflow);
  pending.Rescan("e", RescanReason::kOverflow);
  pending.Rescan("d", RescanReason::kOverflow);
  CHECK(Told(&pending) == "rescan d\nrescan e\nrescan d\n");
}

TEST_CASE("under the cap many names of a directory become a rescan of it, few stay") {
  constexpr size_t kCap = 16384;
  PendingRecords pending(kCap);
  pending.Changed(1, "few", "only", kModify);
  for (int i = 0; i < 5000; i++) {
    pending.Changed(2, "many", std::to_string(i), kModify);
    REQUIRE(pending.ByteSize() <= kCap);
  }
  CHECK(Told(&pending) == "changed few/only\nrescan many\n");
}

TEST_CASE("under the cap ever more directories become rescans of what is above them, at last of the tree") {
  constexpr size_t kCap = 4096;
  PendingRecords pending(kCap);
  for (uint64_t i = 0; i < 3000; i++) {
    const std::string path = Numbered("d", i) + "/x/y";
    pending.Changed(i, path, "a", kModify);
    REQUIRE(pending.ByteSize() <= kCap);
  }
  CHECK(Told(&pending) == "rescan \n");
}

TEST_CASE("whatever collapses, what must be kept is kept in order, and every change is covered behind it") {
  constexpr size_t kCap = 2048;
  PendingRecords pending(kCap);
  for (uint32_t round = 1; round <= 5; round++) {
    for (uint64_t i = 0; i < 200; i++) {
      pending.Changed(i, Numbered("d", i), "name", kModify);
    }
    pending.Moved("x", "a", "y", "b", true);
    pending.ForgetPaths();
    pending.Barrier(round);
    if (round == 3) {
      pending.Root(RootState::kGone, 2);
      pending.Coverage("", CoverageState::kScanning, CoverageReason::kOverflow, 0, 1, 0);
    }
  }
  std::string kept;
  std::string last;
  std::istringstream told(Told(&pending));
  for (std::string line; std::getline(told, line); last = line) {
    if (line.starts_with("barrier")) {
      CHECK_MESSAGE((last.starts_with("rescan") || last.starts_with("to ")), last, " before ", line);
    }
    if (!line.starts_with("rescan") && !line.starts_with("changed") && line != "from x/a" &&
        line != "to y/b") {
      kept += line + "\n";
    }
  }
  CHECK(kept == "barrier 1\nbarrier 2\nbarrier 3\nroot \ncoverage \ncounts\nbarrier 4\nbarrier 5\n");
}

TEST_CASE("a change of a name that a collapse has taken in adds nothing, before a barrier and not after it") {
  constexpr size_t kCap = 2048;
  PendingRecords pending(kCap);
  for (int i = 0; i < 200; i++) {
    pending.Changed(1, "d", std::to_string(i), kModify);
  }
  pending.Changed(2, "d/below", "name", kModify);
  pending.Barrier(1);
  pending.Changed(2, "d/below", "name", kModify);
  CHECK(Told(&pending) == "rescan d\nbarrier 1\nchanged d/below/name\n");
}

TEST_CASE("records that may not collapse do not make every change walk them all") {
  PendingRecords pending(1024);
  for (uint32_t i = 0; i < 20000; i++) {
    pending.Coverage(Numbered("blind", i), CoverageState::kBlind, CoverageReason::kUnreadable, 13, 0, 0);
  }
  const size_t bytes = pending.ByteSize();
  for (uint64_t i = 0; i < 20000; i++) {
    pending.Changed(i, Numbered("d", i), "name", kModify);
  }
  CHECK(pending.ByteSize() < 3 * bytes);
  CHECK(ReadRecords(pending.Take()).size() >= 40000);
  for (uint64_t i = 0; i < 200; i++) {
    pending.Changed(i, Numbered("d", i), "name", kModify);
  }
  CHECK(pending.ByteSize() <= 1024);
}

TEST_CASE("batches are numbered from 1, and there is none when nothing happened") {
  PendingRecords pending(kNoCap);
  CHECK(pending.Take().empty());
  for (uint32_t sequence = 1; sequence <= 3; sequence++) {
    pending.Barrier(0);
    const std::vector<uint8_t> batch = pending.Take();
    CHECK(reinterpret_cast<const uint32_t*>(batch.data())[5] == sequence);
    CHECK(pending.Take().empty());
  }
}

}  // namespace syncline::testing
