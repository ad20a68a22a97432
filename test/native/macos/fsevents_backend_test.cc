#include "macos/fsevents_backend.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "fake/fake_core_services.h"
#include "record_text.h"

// The whole backend on a real directory; only what CoreServices tells is made up.
namespace syncline::testing {
namespace {

namespace fs = std::filesystem;

class SourceDirectory {
 public:
  SourceDirectory() {
    std::string pattern = fs::temp_directory_path() / "syncline-XXXXXX";
    path_ = fs::canonical(mkdtemp(pattern.data()));
    fake::SetLatestId(1000);
    fake::SetHistory({});
  }
  ~SourceDirectory() { fs::remove_all(path_); }
  SourceDirectory(const SourceDirectory&) = delete;
  SourceDirectory& operator=(const SourceDirectory&) = delete;
  const std::string& Path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file; returns its inode.
  uint64_t Write(const std::string& name) const {
    std::ofstream(path_ + "/" + name) << "x";
    struct ::stat status = {};
    REQUIRE(::lstat((path_ + "/" + name).c_str(), &status) == 0);
    return status.st_ino;
  }

 private:
  std::string path_;
};

class RunningWatch {
 public:
  explicit RunningWatch(const std::string& root, const std::string& since = "", FsEventsLimits limits = {})
      : backend_(limits) {
    WatchOptions options;
    options.root = root;
    options.since = since;
    const WatchError failed = backend_.Start(options, [this] {
      std::unique_lock lock(mutex_);
      rung_ = true;
      bell_.notify_all();
      bell_.wait(lock, [this] { return !holds_; });
    });
    REQUIRE(failed.error == 0);
  }
  ~RunningWatch() { backend_.Stop(); }

  // The lines of all records up to the barrier asked for now, without it.
  std::vector<std::string> UntilBarrier() {
    backend_.Barrier(++token_);
    const std::string end = "barrier " + std::to_string(token_);
    std::vector<std::string> lines;
    for (;;) {
      for (const std::string& line : RecordLines(ReadRecords(backend_.Take()))) {
        if (line == end) {
          return lines;
        }
        lines.push_back(line);
      }
      std::unique_lock lock(mutex_);
      const bool rung = bell_.wait_for(lock, std::chrono::seconds(30), [this] { return rung_; });
      REQUIRE_MESSAGE(rung, "no barrier came");
      rung_ = false;
    }
  }
  // Keeps the backend's thread from going on behind the next record, until Release.
  void Hold() {
    const std::lock_guard lock(mutex_);
    rung_ = false;
    holds_ = true;
  }
  void UntilHeld() {
    std::unique_lock lock(mutex_);
    REQUIRE(bell_.wait_for(lock, std::chrono::seconds(30), [this] { return rung_; }));
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    holds_ = false;
    bell_.notify_all();
  }
  FsEventsBackend& Backend() { return backend_; }

 private:
  std::mutex mutex_;
  std::condition_variable bell_;
  bool rung_ = false;
  bool holds_ = false;
  uint32_t token_ = 0;
  FsEventsBackend backend_;
};

void CheckLines(const std::vector<std::string>& got, const std::vector<std::string>& wanted) {
  std::string text;
  for (const std::string& line : got) {
    text += "\n  " + line;
  }
  CHECK_MESSAGE(got == wanted, text);
}

}  // namespace

TEST_CASE("the backend over FSEvents tells what happened, up to a barrier") {
  const SourceDirectory source;
  {
    RunningWatch watch(source.Path());
    CheckLines(watch.UntilBarrier(), {"coverage scanning", "coverage watching"});
    CHECK(fake::WatchedPath() == source.Path());
    CHECK(fake::Since() == 1000);
    CHECK_FALSE(watch.Backend().Resumed());
    CHECK_FALSE(watch.Backend().Stats().scanning);
    const uint64_t inode = source.Write("a");
    fake::DeliverOnFlush({{source / "a", inode, kItemCreated | kItemModified | kItemIsFile, 1001}});
    CheckLines(watch.UntilBarrier(), {"changed a modified closed"});
    fs::rename(source / "a", source / "b");
    fake::DeliverOnFlush({{source / "a", inode, kItemRenamed | kItemIsFile, 1002}});
    fake::DeliverOnFlush({{source / "b", inode, kItemRenamed | kItemIsFile, 1003}});
    CheckLines(watch.UntilBarrier(), {"moved a -> b"});
  }
  CHECK(fake::LiveObjects() == 0);
}

TEST_CASE("a barrier waits for a rename whose other half does not come") {
  const SourceDirectory source;
  RunningWatch watch(source.Path());
  watch.UntilBarrier();
  fake::DeliverOnFlush({{source / "a", 12, kItemRenamed | kItemIsFile, 1001}});
  CheckLines(watch.UntilBarrier(), {"changed a deleted"});
}

TEST_CASE("a root given through a symlink is watched at its real place") {
  const SourceDirectory source;
  const SourceDirectory elsewhere;
  fs::create_directory_symlink(source.Path(), elsewhere / "link");
  RunningWatch watch(elsewhere / "link");
  watch.UntilBarrier();
  CHECK(fake::WatchedPath() == source.Path());
  const uint64_t inode = source.Write("a");
  fake::DeliverOnFlush({{source / "a", inode, kItemModified | kItemIsFile, 1001}});
  CheckLines(watch.UntilBarrier(), {"changed a modified closed"});
}

TEST_CASE("what the system cannot watch is an error, and leaves nothing behind") {
  const SourceDirectory source;
  WatchOptions options;
  {
    FsEventsBackend backend;
    options.root = source / "missing";
    const WatchError missing = backend.Start(options, [] {});
    CHECK(missing.error == ENOENT);
    CHECK(std::string(missing.operation) == "open");
    fake::RefuseStart(true);
    options.root = source.Path();
    CHECK(backend.Start(options, [] {}).error == EAGAIN);
    fake::RefuseStart(false);
  }
  CHECK(fake::LiveObjects() == 0);
}

TEST_CASE("a watch begins where an earlier one ended, if the journal is the same") {
  const SourceDirectory source;
  const uint64_t inode = source.Write("a");
  std::string position;
  {
    RunningWatch watch(source.Path());
    watch.UntilBarrier();
    fake::DeliverOnFlush({{source / "a", inode, kItemModified | kItemIsFile, 1005}});
    watch.UntilBarrier();
    position = watch.Backend().Position();
  }
  REQUIRE_FALSE(position.empty());
  fake::SetLatestId(2000);
  fake::SetHistory({{source / "old", 0, kItemRemoved | kItemIsFile, 1005},
                    {source / "1", 0, kItemRemoved | kItemIsFile, 1006}});
  SUBCASE("it is") {
    RunningWatch watch(source.Path(), position);
    CHECK(watch.Backend().Resumed());
    CHECK(watch.Backend().WhyNoHistory().empty());
    CHECK(fake::Since() == 1005);
    CheckLines(watch.UntilBarrier(), {"coverage scanning", "changed 1 deleted", "coverage watching"});
  }
  SUBCASE("it is another one") {
    fake::SetJournal("00000000-0000-0000-0000-000000000002");
    RunningWatch watch(source.Path(), position);
    fake::SetJournal("00000000-0000-0000-0000-000000000001");
    CHECK_FALSE(watch.Backend().Resumed());
    CHECK(watch.Backend().WhyNoHistory() == "its journal is gone, or the root is another directory");
    CHECK(fake::Since() == 2000);
  }
  SUBCASE("the ids began anew") {
    fake::SetLatestId(1004);
    const RunningWatch watch(source.Path(), position);
    CHECK(fake::Since() == 1004);
  }
  SUBCASE("the position is no position") {
    RunningWatch watch(source.Path(), "inotify1:7");
    CHECK_FALSE(watch.Backend().Resumed());
    CHECK(watch.Backend().WhyNoHistory() == "it is no position of FSEvents");
  }
}

TEST_CASE("events that FSEvents dropped are told again from the journal, once") {
  const SourceDirectory source;
  RunningWatch watch(source.Path());
  watch.UntilBarrier();
  fake::DeliverOnFlush({{source / "a", 0, kItemRemoved | kItemIsFile, 1001}});
  watch.UntilBarrier();
  const int streams = fake::Started();
  fake::SetLatestId(1010);
  fake::SetHistory({{source / "a", 0, kItemRemoved | kItemIsFile, 1001},
                    {source / "1", 0, kItemRemoved | kItemIsFile, 1005}});
  fake::DeliverOnFlush({{source.Path(), 0, kMustScanSubDirs | kUserDropped, 1009}});
  CheckLines(watch.UntilBarrier(), {"coverage scanning", "changed 1 deleted", "coverage watching"});
  CHECK(fake::Started() == streams + 1);
  CHECK(fake::Since() == 1001);
  CHECK(watch.Backend().Stats().overflows == 1);
}

TEST_CASE("events that FSEvents dropped are compared where the journal is another one by now") {
  const SourceDirectory source;
  RunningWatch watch(source.Path());
  watch.UntilBarrier();
  fake::DeliverOnFlush({{source / "a", 0, kItemRemoved | kItemIsFile, 1001}});
  watch.UntilBarrier();
  const int streams = fake::Started();
  fake::SetLatestId(1010);
  fake::SetJournal("00000000-0000-0000-0000-000000000002");
  fake::DeliverOnFlush({{source.Path(), 0, kMustScanSubDirs | kUserDropped, 1009}});
  const std::vector<std::string> lines = watch.UntilBarrier();
  fake::SetJournal("00000000-0000-0000-0000-000000000001");
  CheckLines(lines, {"coverage scanning", "rescan . overflow", "coverage watching"});
  CHECK(fake::Started() == streams);
}

TEST_CASE("what comes faster than it is translated is told again from the journal, or compared") {
  const SourceDirectory source;
  RunningWatch watch(source.Path(), "", {.queued_events = 4});
  watch.UntilBarrier();
  const int streams = fake::Started();
  watch.Hold();
  fake::Deliver({{source / "a", 0, kItemRemoved | kItemIsFile, 1001}});
  watch.UntilHeld();
  fake::SetLatestId(1010);
  fake::SetHistory({{source / "1", 0, kItemRemoved | kItemIsFile, 1002}});
  uint32_t flags = kItemRemoved | kItemIsFile;
  bool in_journal = true;
  SUBCASE("the journal has it all") {}
  SUBCASE("the kernel had dropped some of it") {
    flags = kMustScanSubDirs | kKernelDropped;
    in_journal = false;
  }
  for (uint64_t id = 1002; id < 1008; id++) {
    fake::Deliver({{source / "b", 0, flags, id}, {source / "c", 0, kItemRemoved | kItemIsFile, id}});
  }
  fake::Settle();
  watch.Release();
  const std::vector<std::string> lines = watch.UntilBarrier();
  const auto tells = [&lines](const char* line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  CHECK(watch.Backend().Stats().overflows >= 1);
  CHECK(tells("changed 1 deleted") == in_journal);
  CHECK(tells("rescan . overflow") == !in_journal);
  CHECK(fake::Started() == streams + (in_journal ? 1 : 0));
}

TEST_CASE("a history that does not say its end is taken for told when nothing comes any more") {
  const SourceDirectory source;
  fake::HoldHistoryDone(true);
  {
    RunningWatch watch(source.Path(), "", {.replay_silence_ms = 50});
    CheckLines(watch.UntilBarrier(), {"coverage scanning", "coverage watching"});
    CHECK_FALSE(watch.Backend().Stats().scanning);
  }
  fake::HoldHistoryDone(false);
}

TEST_CASE("a watch ends while events pour in") {
  const SourceDirectory source;
  for (int round = 0; round < 20; round++) {
    auto watch = std::make_unique<RunningWatch>(source.Path());
    std::atomic<bool> stop = false;
    std::thread deliverer([&] {
      for (uint64_t id = 1001; id < 4000 && !stop; id++) {
        fake::Deliver({{source / "a", 0, kItemRemoved | kItemIsFile, id}});
      }
    });
    watch->UntilBarrier();
    watch.reset();
    stop = true;
    deliverer.join();
  }
  CHECK(fake::LiveObjects() == 0);
}

}  // namespace syncline::testing
