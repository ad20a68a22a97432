#include "macos/event_stream.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "fake/fake_core_services.h"

namespace syncline::testing {
namespace {

// Gathers what a stream tells.
class Heard {
 public:
  EventStream::Sink Sink() {
    return [this](std::vector<FsEvent> events) {
      const std::lock_guard lock(mutex_);
      calls_++;
      for (FsEvent& event : events) {
        events_.push_back(std::move(event));
      }
      changed_.notify_all();
    };
  }
  // The events once there are so many; fails after a deadline.
  std::vector<FsEvent> Until(size_t count) {
    std::unique_lock lock(mutex_);
    const bool came =
        changed_.wait_for(lock, std::chrono::seconds(30), [&] { return events_.size() >= count; });
    REQUIRE(came);
    return events_;
  }
  size_t Calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<FsEvent> events_;
  size_t calls_ = 0;
};

constexpr uint64_t kNow = 1000;

}  // namespace

TEST_CASE("a callback of FSEvents becomes plain records, byte for byte") {
  Heard heard;
  {
    const auto stream = EventStream::Start("/r", kNow, 0.02, heard.Sink());
    REQUIRE(stream != nullptr);
    fake::Deliver({{"/r/a", 12, kItemModified | kItemIsFile, 1001},
                   {"/r/\xc3\xa9/e\xcc\x81", 0, kItemRenamed, 1002},
                   {"/r/big", 0xfedcba9876543210, kItemCreated, 0xffffffffffff}});
    const std::vector<FsEvent> events = heard.Until(4);
    CHECK(events[0].flags == kHistoryDone);
    CHECK(events[1].path == "/r/a");
    CHECK(events[1].inode == 12);
    CHECK(events[1].flags == (kItemModified | kItemIsFile));
    CHECK(events[1].id == 1001);
    CHECK(events[2].path == "/r/\xc3\xa9/e\xcc\x81");
    CHECK(events[2].inode == 0);
    CHECK(events[3].inode == 0xfedcba9876543210);
    CHECK(events[3].id == 0xffffffffffff);
  }
  CHECK(fake::LiveObjects() == 0);
}

TEST_CASE("a path that is no text makes everything be looked at") {
  Heard heard;
  const auto stream = EventStream::Start("/r", kNow, 0.02, heard.Sink());
  fake::Deliver({{"/r/\xff", 12, kItemModified, 1001}});
  const std::vector<FsEvent> events = heard.Until(2);
  CHECK(events[1].path == "/");
  CHECK((events[1].flags & kMustScanSubDirs) != 0);
  CHECK(events[1].id == 1001);
}

TEST_CASE("a stream is asked for single files, inodes, its root and no delay") {
  Heard heard;
  const auto stream = EventStream::Start("/r/\xc3\xa9", 77, 0.02, heard.Sink());
  CHECK(fake::WatchedPath() == "/r/\xc3\xa9");
  CHECK(fake::Since() == 77);
  CHECK(fake::CreateFlags() == 0x57);
}

TEST_CASE("a flush returns when all that waited has been told") {
  Heard heard;
  const auto stream = EventStream::Start("/r", kNow, 0.02, heard.Sink());
  heard.Until(1);
  fake::DeliverOnFlush({{"/r/a", 12, kItemModified, 1001}});
  fake::DeliverOnFlush({{"/r/b", 13, kItemModified, 1002}});
  CHECK(heard.Calls() == 1);
  stream->Flush();
  CHECK(heard.Calls() == 3);
}

TEST_CASE("a stream that the system does not give leaves nothing behind") {
  Heard heard;
  SUBCASE("none is made") {
    fake::RefuseCreate(true);
    CHECK(EventStream::Start("/r", kNow, 0.02, heard.Sink()) == nullptr);
    fake::RefuseCreate(false);
  }
  SUBCASE("it does not start") {
    fake::RefuseStart(true);
    CHECK(EventStream::Start("/r", kNow, 0.02, heard.Sink()) == nullptr);
    fake::RefuseStart(false);
  }
  SUBCASE("the path is no text") {
    CHECK(EventStream::Start("/r/\xff", kNow, 0.02, heard.Sink()) == nullptr);
  }
  CHECK(heard.Calls() == 0);
  CHECK(fake::LiveObjects() == 0);
}

TEST_CASE("callbacks that run while a stream ends, and those queued behind it, reach nobody") {
  for (int round = 0; round < 100; round++) {
    auto owner = std::make_unique<Heard>();
    auto stream = EventStream::Start("/r", kNow, 0.02, owner->Sink());
    std::atomic<bool> stop = false;
    std::thread deliverer([&stop] {
      for (int i = 0; i < 200 && !stop; i++) {
        fake::Deliver({{"/r/a", 12, kItemModified, 1001}, {"/r/b", 0, kItemModified, 1002}});
      }
    });
    owner->Until(static_cast<size_t>(1 + round % 7));
    stream.reset();
    // From here on a callback would use what is gone.
    owner.reset();
    stop = true;
    deliverer.join();
  }
  CHECK(fake::LiveObjects() == 0);
}

TEST_CASE("the journal of a device has a name, or none") {
  CHECK(JournalOf(1) == "00000000-0000-0000-0000-000000000001");
  fake::SetJournal("");
  CHECK(JournalOf(1).empty());
  fake::SetJournal("00000000-0000-0000-0000-000000000001");
  CHECK(fake::LiveObjects() == 0);
}

}  // namespace syncline::testing
