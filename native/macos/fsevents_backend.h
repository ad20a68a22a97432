#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "macos/darwin_disk.h"
#include "macos/event_stream.h"
#include "macos/event_translator.h"
#include "watch/backend.h"

namespace syncline {

struct FsEventsLimits {
  // Events that wait to be translated: above that they are dropped, and told again from the journal.
  size_t queued_events = size_t{1} << 20;
  // The end of a replay is taken for granted when nothing has come for so long.
  int64_t replay_silence_ms = 10000;
};

// The backend for FSEvents: a stream's callbacks go into a queue, and one thread translates them and looks
// after everything that depends on time. The tree is not scanned: the stream covers all of it at once.
class FsEventsBackend final : public Backend, public EventSource {
 public:
  explicit FsEventsBackend(FsEventsLimits limits = {}) : limits_(limits) {}
  ~FsEventsBackend() override;

  WatchError Start(const WatchOptions& options, std::function<void()> on_ready) override;
  std::vector<uint8_t> Take() override;
  void Barrier(uint32_t token) override;
  WatchStats Stats() const override;
  std::string Position() const override;
  bool Resumed() const override { return resumed_; }
  std::string WhyNoHistory() const override;
  void Stop() override;

  // For the translator.
  bool ResumeFrom(uint64_t id) override;
  void Restart() override;

 private:
  struct Callback {
    uint32_t stream;
    std::vector<FsEvent> events;
  };
  struct BarrierRequest {
    uint32_t token;
    int64_t passed_ms = -1;  // when all that was to be flushed was translated
  };

  // Puts a new stream in the place of the one there is, whose events are not heard any more.
  bool OpenStream(uint64_t since);
  void Queue(uint32_t stream, std::vector<FsEvent> events);
  void Run();
  // Translates what is queued now.
  void Translate();
  void Housekeep();
  void MeetBarriers(int64_t now_ms);
  void Ring();

  const FsEventsLimits limits_;
  std::string canonical_root_;
  RootIdentity identity_;
  std::string journal_;
  bool resumed_ = false;
  std::string why_anew_;
  std::function<void()> on_ready_;
  std::unique_ptr<DarwinDisk> disk_;
  std::unique_ptr<PendingRecords> records_;
  std::unique_ptr<EventTranslator> translator_;
  std::unique_ptr<EventStream> stream_;
  std::thread thread_;
  bool started_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  bool stop_ = false;
  uint32_t heard_stream_ = 0;
  std::deque<Callback> queue_;
  size_t queued_events_ = 0;
  std::deque<BarrierRequest> requests_;

  std::atomic<bool> rung_ = false;
  std::atomic<bool> replaying_ = true;
  std::atomic<uint64_t> events_ = 0;
  std::atomic<uint64_t> drops_ = 0;
  std::atomic<uint64_t> told_id_ = 0;
  uint64_t taken_id_ = 0;  // of the owner's thread

  // Of the thread.
  std::deque<BarrierRequest> barriers_;  // flushed
  int64_t last_callback_ms_ = 0;
  int64_t next_ms_ = 0;
  bool first_replay_told_ = false;
};

}  // namespace syncline
