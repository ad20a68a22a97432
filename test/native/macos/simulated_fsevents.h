#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "macos/event_translator.h"
#include "simulated_disk.h"

namespace syncline::testing {

// Takes what happens, one change after the other, and tells it with all the freedom that FSEvents is reported
// to take: changes of a path coalesce (those of two items that had it too), their order within a callback is
// lost, flags of earlier changes come again, an inode may be missing, callbacks end anywhere, and some
// changes are dropped, with MustScanSubDirs for a directory above all of them. History is told by path.
class SimulatedFsEvents final : public EventSource {
 public:
  SimulatedFsEvents(std::string root, std::mt19937* random) : root_(std::move(root)), random_(random) {}

  // A change at a path relative to the root ('' for the root itself).
  void Happened(const std::string& relative, uint64_t inode, uint32_t flags) {
    last_id_ += 1 + Below(3);
    FsEvent event{relative.empty() ? root_ : root_ + "/" + relative, inode, flags, last_id_};
    journal_.push_back(event);
    queue_.push_back(std::move(event));
  }

  // The next callback, of some or all that is queued.
  std::vector<FsEvent> NextCallback(bool all) {
    const size_t count = all ? queue_.size() : Below(static_cast<uint32_t>(queue_.size()) + 1);
    std::vector<FsEvent> taken(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    if (drops && !taken.empty() && Below(12) == 0) {
      return {Dropped(taken)};
    }
    return Told(std::move(taken));
  }
  bool Empty() const { return queue_.empty(); }

  bool ResumeFrom(uint64_t id) override {
    resumed++;
    if (Below(3) == 0) {
      return false;
    }
    Replay(id);
    return true;
  }
  // All that came after `id` is told again, with all that is queued.
  void Replay(uint64_t id) {
    std::vector<FsEvent> history;
    for (const FsEvent& event : journal_) {
      if (event.id > id) {
        history.push_back(event);
      }
    }
    history = Told(std::move(history));
    std::sort(history.begin(), history.end(),
              [](const FsEvent& a, const FsEvent& b) { return a.path < b.path; });
    history.push_back({root_, 0, kHistoryDone, 0});
    queue_ = std::move(history);
  }
  void Restart() override { queue_.clear(); }
  uint64_t LastId() const { return last_id_; }

  bool drops = true;
  int resumed = 0;

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>((*random_)() % limit); }

  std::vector<FsEvent> Told(std::vector<FsEvent> changes) {
    std::vector<FsEvent> told;
    for (FsEvent& change : changes) {
      if ((change.flags & (kHistoryDone | kMustScanSubDirs)) != 0) {
        told.push_back(std::move(change));
        continue;
      }
      const auto same = std::find_if(told.begin(), told.end(), [&](const FsEvent& earlier) {
        return earlier.path == change.path &&
               (earlier.inode == change.inode ? Below(4) != 0 : MayMerge(earlier, change));
      });
      if (same != told.end()) {
        same->flags |= change.flags;
        same->id = change.id;
        same->inode = change.inode;
      } else {
        told.push_back(std::move(change));
      }
    }
    for (FsEvent& event : told) {
      if ((event.flags & (kHistoryDone | kMustScanSubDirs)) != 0) {
        continue;
      }
      if (Below(3) == 0) {
        for (const FsEvent& earlier : journal_) {
          event.flags |= earlier.path == event.path && earlier.inode == event.inode && earlier.id < event.id
                             ? earlier.flags
                             : 0;
        }
      }
      event.inode = Below(20) == 0 ? 0 : event.inode;
    }
    if (Below(2) == 0) {
      // What ends a history stays at its end.
      const auto end = std::find_if(told.begin(), told.end(),
                                    [](const FsEvent& event) { return (event.flags & kHistoryDone) != 0; });
      std::shuffle(told.begin(), end, *random_);
    }
    return told;
  }

  bool MayMerge(const FsEvent& earlier, const FsEvent& change) {
    return merges_items && Below(4) == 0 && (earlier.flags & (kHistoryDone | kMustScanSubDirs)) == 0 &&
           (change.flags & (kHistoryDone | kMustScanSubDirs)) == 0;
  }

  FsEvent Dropped(const std::vector<FsEvent>& changes) {
    std::string above = changes.front().path;
    bool ends_history = false;
    for (const FsEvent& change : changes) {
      ends_history = ends_history || (change.flags & kHistoryDone) != 0;
      while (change.path != above && !change.path.starts_with(above + "/")) {
        above.erase(above.rfind('/'));
      }
    }
    if (ends_history) {
      queue_.insert(queue_.begin(), {root_, 0, kHistoryDone, 0});
    }
    const uint32_t why[] = {0, kUserDropped, kKernelDropped, kUserDropped | kKernelDropped};
    above = Below(4) == 0 ? "/" : above.substr(0, std::max(above.rfind('/'), root_.size()));
    return {above, 0, kMustScanSubDirs | why[Below(4)], changes.back().id};
  }

 public:
  // One event may be of two items that had the path one after the other.
  bool merges_items = true;

 private:
  const std::string root_;
  std::mt19937* const random_;
  uint64_t last_id_ = 1000;
  std::vector<FsEvent> journal_;
  std::vector<FsEvent> queue_;
};

}  // namespace syncline::testing
