#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "posix/unique_fd.h"
#include "watch/directory_table.h"

namespace syncline {

// A directory kept open while its children wait to be scanned.
struct OpenDirectory {
  OpenDirectory(UniqueFd opened, NodeRef of, int32_t of_watch, std::atomic<int>* open_count)
      : fd(std::move(opened)), node(of), watch(of_watch), count(open_count) {
    (*count)++;
  }
  ~OpenDirectory() { (*count)--; }
  OpenDirectory(const OpenDirectory&) = delete;
  OpenDirectory& operator=(const OpenDirectory&) = delete;

  UniqueFd fd;
  NodeRef node;
  // Its watch at that time: another one now means that another directory has taken its name.
  int32_t watch;
  std::atomic<int>* count;
};

// Directories to scan that have one parent.
struct ScanGroup {
  std::shared_ptr<OpenDirectory> parent;  // null: open by path
  std::vector<NodeRef> nodes;
  uint8_t epoch = 0;
};

// What is to be scanned: all of the old epoch first, so that it ends however much is added to the new one,
// and so that nothing of the new one does a part of it unseen; within an epoch last in, first out, so that
// few directories are open and few names wait. Thread-safe.
class ScanQueue {
 public:
  // Adds a group to the current epoch, or to that of the work it came from.
  void Push(ScanGroup group);
  void PushInEpochOf(const ScanGroup& from, ScanGroup group);
  // Takes some work if there is any now.
  bool TryTake(ScanGroup* work);
  // Waits for work and takes some of it; false when the queue is closed.
  bool Take(ScanGroup* work);
  // Says that `work` is done (after what it found was pushed). True if nothing is left of its epoch.
  bool Done(const ScanGroup& work);
  void Close();

  // From now on Push adds to a new epoch. Only when nothing is left of the other one.
  void NextEpoch();
  // Tasks waiting or running that were there before the last NextEpoch, with all that they lead to.
  bool OldEpochEmpty() const;
  bool Empty() const;

  // A parent may be kept open only below this many.
  bool MayKeepOpen() const { return open_directories_ < kMaxOpenDirectories; }
  std::atomic<int>* OpenCount() { return &open_directories_; }

 private:
  static constexpr int kMaxOpenDirectories = 256;
  static constexpr size_t kMaxTake = 32;

  void PushLocked(ScanGroup group);
  void TakeLocked(ScanGroup* work);
  // The epoch whose turn it is.
  uint8_t Turn() const { return outstanding_[epoch_ ^ 1] == 0 ? epoch_ : epoch_ ^ 1; }
  bool HasWork() const { return !groups_[Turn()].empty(); }

  std::atomic<int> open_directories_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::array<std::vector<ScanGroup>, 2> groups_;  // by epoch
  std::array<size_t, 2> outstanding_{};
  uint8_t epoch_ = 0;
  uint32_t waiting_ = 0;
  bool closed_ = false;
};

}  // namespace syncline
