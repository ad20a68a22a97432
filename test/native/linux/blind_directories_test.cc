#include <sys/stat.h>

#include <atomic>
#include <set>

#include "faulty_kernel.h"
#include "watched_directory.h"

// Directories that cannot be watched or read, and what is told when they can be again.
namespace syncline::testing {
namespace {

namespace fs = std::filesystem;

// The counts right behind the first coverage record of this state for `directory`; nothing if there is none.
std::optional<Record> CountsOf(const std::vector<Record>& records, CoverageState state, CoverageReason reason,
                               const std::string& directory) {
  for (size_t i = 0; i + 1 < records.size(); i++) {
    if (records[i].kind == SlotKind::kCoverage && records[i].hints == static_cast<uint8_t>(state) &&
        records[i].directory == directory && records[i + 1].value == static_cast<uint32_t>(reason)) {
      Record counts = records[i + 1];
      counts.hints = static_cast<uint8_t>(records[i].value);  // The errno.
      return counts;
    }
  }
  return std::nullopt;
}

bool IsRecovery(const Record& record) {
  return record.kind == SlotKind::kCoverageCounts && record.missing == 0 &&
         record.value == static_cast<uint32_t>(CoverageReason::kRecovered);
}

bool HasRescan(const std::vector<Record>& records, const std::string& directory) {
  return std::any_of(records.begin(), records.end(), [&](const Record& record) {
    return record.kind == SlotKind::kRescan && record.directory == directory;
  });
}

}  // namespace

TEST_CASE("at the watch limit the directories left out are counted, and watched when there is room") {
  const TempDirectory root;
  for (size_t i = 0; i < 30; i++) {
    fs::create_directories(root / (Numbered("d", i) + "/below"));
  }
  std::mutex mutex;
  std::set<std::string> watched_paths;
  size_t limit = 10;
  FaultyKernel kernel;
  kernel.before_watch = [&](const std::string& path) {
    const std::lock_guard lock(mutex);
    if (watched_paths.contains(path) || watched_paths.size() < limit) {
      watched_paths.insert(path);
      return 0;
    }
    return ENOSPC;
  };
  WatchedDirectory watched(root.Path(), &kernel);
  std::vector<Record> records = watched.UntilBarrier();
  const auto counts = CountsOf(records, CoverageState::kBlind, CoverageReason::kWatchLimit, "");
  REQUIRE(counts.has_value());
  CHECK(watched.Watch().WatchedPaths().size() == 10);
  uint32_t missing = 0;
  uint32_t have = 0;
  for (const Record& record : records) {
    if (record.kind == SlotKind::kCoverageCounts) {
      have = record.watched;
      missing = record.missing;
    }
  }
  CHECK(have == 10);
  CHECK(missing == 51);
  // One that goes is not needed any more.
  fs::remove_all(root / "d0");
  watched.UntilBarrier();
  const std::vector<std::string> before = watched.Watch().WatchedPaths();
  {
    const std::lock_guard lock(mutex);
    limit = 1000;
  }
  records = watched.Until(IsRecovery);
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
  for (const std::string& path : watched.Watch().WatchedPaths()) {
    CHECK(HasRescan(records, path) != std::binary_search(before.begin(), before.end(), path));
  }
  WriteFile(root / "d29/below/file");
  CHECK(Covers(watched.UntilBarrier(), "d29/below/file"));
}

TEST_CASE("an unreadable directory is named once, and compared when it can be read again") {
  const TempDirectory root;
  fs::create_directories(root / "locked/below/deep");
  fs::create_directories(root / "open");
  std::atomic<bool> locked = true;
  FaultyKernel kernel;
  kernel.before_open = [&](const std::string& path) {
    return locked && path.ends_with("/locked") ? EACCES : 0;
  };
  WatchedDirectory watched(root.Path(), &kernel);
  std::vector<Record> records = watched.UntilBarrier();
  const auto counts = CountsOf(records, CoverageState::kBlind, CoverageReason::kUnreadable, "locked");
  REQUIRE(counts.has_value());
  CHECK(counts->hints == EACCES);
  CHECK(watched.Watch().WatchedPaths() == std::vector<std::string>{"", "open"});
  chmod((root / "locked").c_str(), 0700);
  CHECK_FALSE(CountsOf(watched.UntilBarrier(), CoverageState::kBlind, CoverageReason::kUnreadable, "locked"));
  locked = false;
  chmod((root / "locked").c_str(), 0755);
  records = watched.UntilBarrier();
  CHECK(CountsOf(records, CoverageState::kWatching, CoverageReason::kRecovered, "locked"));
  CHECK(HasRescan(records, "locked"));
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
}

TEST_CASE("a directory on a file system that cannot be watched is named, the others are watched") {
  const TempDirectory root;
  fs::create_directories(root / "odd");
  fs::create_directories(root / "plain/below");
  std::atomic<int> error = EPERM;
  FaultyKernel kernel;
  kernel.before_watch = [&](const std::string& path) { return path.ends_with("/odd") ? error.load() : 0; };
  WatchedDirectory watched(root.Path(), &kernel);
  const auto counts =
      CountsOf(watched.UntilBarrier(), CoverageState::kBlind, CoverageReason::kOtherFileSystem, "odd");
  REQUIRE(counts.has_value());
  CHECK(counts->hints == EPERM);
  CHECK(watched.Watch().WatchedPaths() == std::vector<std::string>{"", "plain", "plain/below"});
  error = 0;
  watched.Until(IsRecovery);
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
}

TEST_CASE("what changes below a tree moved in after it was compared and before it is watched is not lost") {
  const TempDirectory outside;
  const TempDirectory root;
  fs::create_directories(outside / "in/a/b");
  Gate watching;
  FaultyKernel kernel;
  kernel.before_watch = [&](const std::string& path) {
    if (path.ends_with("/in/a")) {
      watching.Pass();
    }
    return 0;
  };
  WatchedDirectory watched(root.Path(), &kernel);
  watched.UntilBarrier();
  watching.Close();
  fs::rename(outside / "in", root / "in");
  watched.Until(
      [](const Record& record) { return record.kind == SlotKind::kRescan && record.directory == "in"; });
  REQUIRE(watching.UntilSomebodyWaits());
  WriteFile(root / "in/a/file");
  WriteFile(root / "in/a/b/file");
  watching.Open();
  const std::vector<Record> records = watched.UntilBarrier();
  CHECK(Covers(records, "in/a/file"));
  CHECK(Covers(records, "in/a/b/file"));
}

TEST_CASE("what changes below a directory that can be read again before it is watched is not lost") {
  const TempDirectory root;
  fs::create_directories(root / "locked/below");
  std::atomic<bool> locked = true;
  Gate watching;
  FaultyKernel kernel;
  kernel.before_open = [&](const std::string& path) {
    return locked && path.ends_with("/locked") ? EACCES : 0;
  };
  kernel.before_watch = [&](const std::string& path) {
    if (path.ends_with("/below")) {
      watching.Pass();
    }
    return 0;
  };
  WatchedDirectory watched(root.Path(), &kernel);
  watched.UntilBarrier();
  locked = false;
  watching.Close();
  chmod((root / "locked").c_str(), 0755);
  watched.Until(
      [](const Record& record) { return record.kind == SlotKind::kRescan && record.directory == "locked"; });
  REQUIRE(watching.UntilSomebodyWaits());
  WriteFile(root / "locked/below/file");
  watching.Open();
  CHECK(Covers(watched.UntilBarrier(), "locked/below/file"));
}

TEST_CASE("a kernel without openat2 scans, watches and follows moves all the same") {
  const TempDirectory root;
  const std::string deep = "a/" + std::string(200, 'd') + "/c";
  fs::create_directories(root / deep);
  FaultyKernel kernel;
  kernel.has_openat2 = false;
  WatchedDirectory watched(root.Path(), &kernel);
  watched.UntilBarrier();
  fs::create_directories(root / (deep + "/x/y"));
  fs::create_directory_symlink(root / "a", root / (deep + "/link"));
  fs::rename(root / "a", root / "b");
  fs::create_directories(root / ("b" + deep.substr(1) + "/x/y/z"));
  watched.UntilBarrier();
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
}

}  // namespace syncline::testing
