#include "linux/scan_queue.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace syncline {

void ScanQueue::Push(ScanGroup group) {
  const std::lock_guard lock(mutex_);
  group.epoch = epoch_;
  PushLocked(std::move(group));
}

void ScanQueue::PushInEpochOf(const ScanGroup& from, ScanGroup group) {
  const std::lock_guard lock(mutex_);
  group.epoch = from.epoch;
  PushLocked(std::move(group));
}

void ScanQueue::PushLocked(ScanGroup group) {
  const size_t count = group.nodes.size();
  outstanding_[group.epoch] += count;
  groups_[group.epoch].push_back(std::move(group));
  if (waiting_ > 0) {
    if (count > 1) {
      work_.notify_all();
    } else {
      work_.notify_one();
    }
  }
}

bool ScanQueue::Take(ScanGroup* work) {
  std::unique_lock lock(mutex_);
  waiting_++;
  work_.wait(lock, [this] { return closed_ || HasWork(); });
  waiting_--;
  if (closed_) {
    return false;
  }
  TakeLocked(work);
  return true;
}

bool ScanQueue::TryTake(ScanGroup* work) {
  const std::lock_guard lock(mutex_);
  if (closed_ || !HasWork()) {
    return false;
  }
  TakeLocked(work);
  return true;
}

void ScanQueue::TakeLocked(ScanGroup* work) {
  std::vector<ScanGroup>& groups = groups_[Turn()];
  ScanGroup& top = groups.back();
  const size_t take = std::clamp<size_t>(top.nodes.size() / 4, 1, kMaxTake);
  work->parent = top.parent;
  work->epoch = top.epoch;
  work->nodes.assign(top.nodes.end() - static_cast<ptrdiff_t>(take), top.nodes.end());
  top.nodes.resize(top.nodes.size() - take);
  if (top.nodes.empty()) {
    groups.pop_back();
    if (groups.empty()) {
      groups.shrink_to_fit();
    }
  }
}

bool ScanQueue::Done(const ScanGroup& work) {
  const std::lock_guard lock(mutex_);
  outstanding_[work.epoch] -= work.nodes.size();
  const bool ended = outstanding_[work.epoch] == 0;
  if (ended && waiting_ > 0 && HasWork()) {
    work_.notify_all();
  }
  return ended;
}

void ScanQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (std::vector<ScanGroup>& groups : groups_) {
    groups.clear();
  }
  work_.notify_all();
}

void ScanQueue::NextEpoch() {
  const std::lock_guard lock(mutex_);
  assert(outstanding_[epoch_ ^ 1] == 0);
  epoch_ ^= 1;
}

bool ScanQueue::OldEpochEmpty() const {
  const std::lock_guard lock(mutex_);
  return outstanding_[epoch_ ^ 1] == 0;
}

bool ScanQueue::Empty() const {
  const std::lock_guard lock(mutex_);
  return outstanding_[0] + outstanding_[1] == 0;
}

}  // namespace syncline
