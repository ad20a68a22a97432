#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "linux/kernel_calls.h"
#include "posix/unique_fd.h"

namespace syncline {

// A piece of the event stream: bytes of one read(2), or a mark.
struct EventBlock {
  std::unique_ptr<char[]> bytes;
  size_t size = 0;
  // Not 0: everything that was in the kernel's queue when this mark was asked for lies in earlier blocks.
  uint64_t mark = 0;
  // When the mark was asked for, steady milliseconds.
  int64_t marked_ms = 0;
};

// The thread that drains the kernel's queue and does nothing else, so that a busy interpreter cannot make it
// overflow. Next and Applied are for one thread, everything else may be called from any.
class EventReader {
 public:
  explicit EventReader(KernelCalls* calls) : calls_(calls) {}
  ~EventReader() { Stop(); }
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // `on_block` is called on the reader's thread after each block, `on_mounts` when `mounts_fd` (-1: none)
  // says that mounts have changed. False (errno set) if the wake-up cannot be made.
  bool Start(int inotify_fd, int mounts_fd, std::function<void()> on_block, std::function<void()> on_mounts);
  void Stop();
  // Asks for a mark behind all that is in the queue by now; returns its number (from 1, rising).
  uint64_t RequestMark(int64_t now_ms);
  // The next block in order; false when there is none now.
  bool Next(EventBlock* block);
  // Says that the last block given by Next is applied, and gives its memory back for reuse.
  void Applied(EventBlock block);
  // True when every event that was queued before this call is applied.
  bool CaughtUp() const;
  // Waits until every event that was queued before this call is applied; false when the reader is stopped.
  bool AwaitApplied();

 private:
  struct MarkRequest {
    uint64_t mark;
    int64_t asked_ms;
  };
  void Run();
  // Reads once; returns the bytes read, 0 if there was nothing, -1 on an error.
  ssize_t ReadBlock();
  void AnswerMarks();
  void Push(EventBlock block);
  std::unique_ptr<char[]> TakeBuffer();

  static constexpr size_t kBlockBytes = size_t{1} << 20;
  static constexpr size_t kMaxWaitingBytes = size_t{256} << 20;

  KernelCalls* const calls_;
  std::function<void()> on_block_;
  std::function<void()> on_mounts_;
  int inotify_fd_ = -1;
  int mounts_fd_ = -1;
  UniqueFd wake_fd_;
  std::thread thread_;
  bool started_ = false;
  // Reads under way, and blocks with events that are not applied yet.
  std::atomic<uint32_t> unapplied_ = 0;

  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable applied_;
  bool stop_ = false;
  std::deque<EventBlock> blocks_;
  size_t waiting_bytes_ = 0;
  std::vector<std::unique_ptr<char[]>> free_;
  std::vector<MarkRequest> requests_;
  uint64_t last_mark_ = 0;
  uint64_t applied_mark_ = 0;
};

}  // namespace syncline
