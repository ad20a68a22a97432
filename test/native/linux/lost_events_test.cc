#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "faulty_kernel.h"
#include "watched_directory.h"

// What happens when the kernel's queue overflows, when reading it fails, and when the tree never rests.
namespace syncline::testing {
namespace {

namespace fs = std::filesystem;

// Fills the kernel's queue for the file system at `root` while nobody reads it.
void Overflow(const TempDirectory& root) {
  size_t limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  REQUIRE(limit > 0);
  for (size_t i = 0; i <= limit; i++) {
    REQUIRE(chmod((root / (i % 2 == 0 ? "noise1" : "noise2")).c_str(), 0600 + i % 4 / 2 * 040) == 0);
  }
}

bool IsOverflowEnd(const Record& record) {
  return record.kind == SlotKind::kCoverageCounts &&
         record.value == static_cast<uint32_t>(CoverageReason::kOverflow);
}

void UntilOverflows(WatchedDirectory* watched, uint64_t count) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (watched->Watch().Stats().overflows < count && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  REQUIRE(watched->Watch().Stats().overflows >= count);
}

// Makes directories appear and go, from two threads, as long as it lives.
class Storm {
 public:
  explicit Storm(const std::string& root) {
    for (int t = 0; t < 2; t++) {
      threads_.emplace_back([this, top = root + Numbered("/storm", static_cast<size_t>(t))] {
        for (size_t i = 0; !stop_; i++) {
          std::error_code ignored;
          fs::create_directories(top + Numbered("/", i % 100) + "/a/b", ignored);
          fs::remove_all(top + Numbered("/", (i + 50) % 100), ignored);
        }
      });
    }
  }
  ~Storm() {
    stop_ = true;
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

 private:
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("after an overflow the tree is to be compared, and what changed in the gap is watched rightly") {
  const TempDirectory root;
  const TempDirectory outside;
  fs::create_directories(root / "gone/below");
  fs::create_directories(root / "moved/below");
  fs::create_directories(root / "out");
  fs::create_directories(root / "again/old");
  WriteFile(root / "noise1");
  WriteFile(root / "noise2");
  KernelWithHeldEvents kernel;
  WatchedDirectory watched(root.Path(), &kernel);
  watched.UntilBarrier();
  kernel.reading.Close();
  Overflow(root);
  fs::create_directories(root / "new/a/b");
  fs::remove_all(root / "gone");
  fs::rename(root / "moved", root / "new/a/moved");
  fs::rename(root / "out", outside / "out");
  fs::remove_all(root / "again");
  fs::create_directories(root / "again/other");
  kernel.reading.Open();
  const std::vector<Record> records = watched.UntilBarrier();
  CHECK(watched.Watch().Stats().overflows == 1);
  CHECK(Covers(records, "new/a/b"));
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
  WriteFile(root / "new/a/moved/below/file");
  WriteFile(root / "again/other/file");
  const std::vector<Record> later = watched.UntilBarrier();
  CHECK(Covers(later, "new/a/moved/below/file"));
  CHECK(Covers(later, "again/other/file"));
}

TEST_CASE("an overflow during the repair of another is repaired too, and barriers are answered meanwhile") {
  const TempDirectory root;
  fs::create_directories(root / "a");
  WriteFile(root / "noise1");
  WriteFile(root / "noise2");
  Gate opening;
  KernelWithHeldEvents kernel;
  kernel.before_open = [&](const std::string&) {
    opening.Pass();
    return 0;
  };
  WatchedDirectory watched(root.Path(), &kernel);
  watched.UntilBarrier();
  kernel.reading.Close();
  Overflow(root);
  fs::create_directories(root / "first/below");
  opening.Close();
  kernel.reading.Open();
  UntilOverflows(&watched, 1);
  REQUIRE(opening.UntilSomebodyWaits());
  kernel.reading.Close();
  Overflow(root);
  fs::create_directories(root / "second/below");
  kernel.reading.Open();
  UntilOverflows(&watched, 2);
  opening.Open();
  watched.UntilBarrier();
  while (watched.Watch().WatchedPaths() != DirectoriesOnDisk(root.Path())) {
    watched.Until(IsOverflowEnd);
  }
  WriteFile(root / "second/below/file");
  CHECK(Covers(watched.UntilBarrier(), "second/below/file"));
}

TEST_CASE("a tree that never rests keeps no barrier waiting, after an overflow neither") {
  const TempDirectory root;
  WriteFile(root / "noise1");
  WriteFile(root / "noise2");
  fs::create_directories(root / "storm0");
  fs::create_directories(root / "storm1");
  KernelWithHeldEvents kernel;
  WatchedDirectory watched(root.Path(), &kernel);
  {
    const Storm storm(root.Path());
    for (int i = 0; i < 5; i++) {
      watched.UntilBarrier();
    }
    kernel.reading.Close();
    Overflow(root);
    kernel.reading.Open();
    UntilOverflows(&watched, 1);
    for (int i = 0; i < 5; i++) {
      watched.UntilBarrier();
    }
  }
  watched.UntilBarrier();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (watched.Watch().WatchedPaths() != DirectoriesOnDisk(root.Path()) &&
         std::chrono::steady_clock::now() < deadline) {
    watched.UntilBarrier();
  }
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
}

TEST_CASE("watching a directory again while things happen in it loses none of them") {
  const TempDirectory root;
  const UniqueFd directory(open(root.Path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  KernelCalls kernel;
  REQUIRE(kernel.AddWatch(inotify.Get(), directory.Get(), kWatchMask) >= 0);
  std::atomic<bool> stop = false;
  std::thread again([&] {
    UseOwnWorkingDirectory();
    while (!stop) {
      kernel.AddWatch(inotify.Get(), directory.Get(), kWatchMask);
    }
  });
  constexpr size_t kDirectories = 20000;
  size_t told = 0;
  std::vector<char> buffer(65536);
  for (size_t i = 0; i < kDirectories; i++) {
    const std::string path = root / Numbered("d", i);
    fs::create_directory(path);
    fs::remove(path);
    if (i % 100 == 0 || i + 1 == kDirectories) {
      ssize_t size = 0;
      while ((size = kernel.ReadEvents(inotify.Get(), buffer.data(), buffer.size())) > 0) {
        InotifyDecoder decoder(buffer.data(), static_cast<size_t>(size));
        for (InotifyEvent event; decoder.Next(&event);) {
          told += (event.mask & IN_CREATE) != 0 ? 1 : 0;
        }
      }
    }
  }
  stop = true;
  again.join();
  CHECK(told == kDirectories);
}

TEST_CASE("a read that fails is tried again, and barriers are answered meanwhile") {
  const TempDirectory root;
  std::atomic<int> failures = 0;
  FaultyKernel kernel;
  kernel.before_read = [&] { return failures-- > 0 ? EIO : 0; };
  WatchedDirectory watched(root.Path(), &kernel);
  watched.UntilBarrier();
  failures = 3;
  WriteFile(root / "file");
  watched.UntilBarrier();
  failures = 0;
  WriteFile(root / "later");
  CHECK(Covers(watched.UntilBarrier(), "later"));
}

TEST_CASE("a watch may be stopped while it scans, while it repairs and with barriers under way") {
  const TempDirectory root;
  for (size_t i = 0; i < 300; i++) {
    fs::create_directories(root / (Numbered("d", i) + "/a/b"));
  }
  WriteFile(root / "noise1");
  WriteFile(root / "noise2");
  for (int i = 0; i < 4; i++) {
    WatchedDirectory watched(root.Path());
    watched.Watch().Barrier(77);
    if (i % 2 == 0) {
      Overflow(root);
    }
  }
}

}  // namespace syncline::testing
