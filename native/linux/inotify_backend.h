#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "linux/event_reader.h"
#include "linux/interpreter.h"
#include "linux/kernel_calls.h"
#include "linux/mount_points.h"
#include "linux/scanner.h"
#include "linux/watched_tree.h"
#include "watch/backend.h"

namespace syncline {

// The backend for inotify. A reader thread drains the kernel's queue, the interpreter's thread applies the
// events and looks after everything that depends on time, and scanners watch and list directories.
class InotifyBackend final : public Backend {
 public:
  // `calls` outlives the backend; null for the kernel itself.
  explicit InotifyBackend(KernelCalls* calls = nullptr);
  ~InotifyBackend() override;

  WatchError Start(const WatchOptions& options, std::function<void()> on_ready) override;
  std::vector<uint8_t> Take() override;
  void Barrier(uint32_t token) override;
  WatchStats Stats() const override;
  void Stop() override;

  // For tests: the paths of all directories that are watched, sorted.
  std::vector<std::string> WatchedPaths();

 private:
  struct BarrierRequest {
    uint64_t mark;
    uint32_t token;
    int64_t passed_ms = -1;  // when its mark was met; moves seen up to then come before it
  };

  void Run();
  void Wake();
  void ApplyBlock(const EventBlock& block);
  // Everything that depends on time; returns when it is to be called again at the latest.
  int64_t Housekeep(int64_t now);
  // Ends the old scan epoch when it is through: its pass and the barriers that waited for it. Begins the next
  // if a barrier or a pass waits for one.
  void AdvanceEpoch(int64_t now);
  void ReportScan(int64_t now);
  void EndOverflowPass(int64_t now);
  void Retry(int64_t now);
  void CheckRoot(int64_t now);
  // Looks again at the directories that something was mounted over or unmounted from.
  void CheckMounts();
  void Ring(int64_t now);
  void OnOverflow();

  KernelCalls kernel_;
  KernelCalls* const calls_;
  UniqueFd inotify_;
  std::unique_ptr<WatchedTree> tree_;
  std::unique_ptr<EventReader> reader_;
  std::unique_ptr<Scanner> scanner_;
  std::unique_ptr<Interpreter> interpreter_;
  std::function<void()> on_ready_;
  std::thread thread_;
  bool started_ = false;

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
  bool stop_ = false;
  std::deque<BarrierRequest> requests_;  // guarded by wake_mutex_

  std::atomic<bool> mounts_changed_ = false;
  std::atomic<bool> rung_ = false;
  std::atomic<bool> first_scan_done_ = false;
  std::atomic<uint64_t> events_ = 0;
  std::atomic<uint64_t> overflows_ = 0;

  // Of the interpreter's thread.
  MountPoints mounts_;
  std::string real_root_;                 // the root's path without symlinks when the watch started
  std::deque<BarrierRequest> barriers_;   // their marks are met
  std::vector<BarrierRequest> draining_;  // wait for the old scan epoch
  uint64_t expire_mark_ = 0;              // asked for to know that the queue was empty
  int64_t last_ring_ms_ = 0;
  int64_t ring_spacing_ms_ = 1;
  int64_t next_progress_ms_ = 0;
  bool overflow_pass_ = false;
  bool pass_draining_ = false;  // what the pass has to do is in the old epoch
  bool overflow_again_ = false;
  int64_t overflow_pause_ms_ = 1000;
  int64_t overflow_pass_at_ms_ = 0;  // 0: none is due
  int64_t last_overflow_ms_ = 0;
  int64_t next_limit_retry_ms_ = 0;
  int64_t limit_pause_ms_ = 1000;
  uint32_t reported_unwatched_ = 0;
  int64_t next_blind_retry_ms_ = 0;
  int64_t blind_pause_ms_ = 1000;
  bool root_changed_ = false;
  bool root_gone_ = false;
  bool root_replaced_ = false;
  bool root_deleted_ = false;
  int64_t next_root_check_ms_ = 0;
  int64_t root_pause_ms_ = 200;
};

}  // namespace syncline
