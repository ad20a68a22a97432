#include "copy/task_pool.h"

#include <system_error>
#include <utility>

namespace syncline {

TaskPool::~TaskPool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  for (std::thread& helper : helpers_) {
    helper.join();
  }
}

void TaskPool::AddSmall(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (small_.size() < kMaxSmall && max_helpers_ > 0) {
      small_.push_back(std::move(task));
      if (small_.size() + large_.size() >= kStartHelperAt) {
        StartHelper();
      }
      changed_.notify_one();
      return;
    }
  }
  task();
}

void TaskPool::AddLarge(Task task) {
  const std::lock_guard lock(mutex_);
  large_.push_back(std::move(task));
  if (large_.size() >= 2) {
    StartHelper();
  }
  changed_.notify_one();
}

void TaskPool::StartHelper() {
  if (helpers_.size() >= max_helpers_) {
    return;
  }
  try {
    helpers_.emplace_back([this] { Help(); });
  } catch (const std::system_error&) {
    // No thread to be had: the others do the work.
  }
}

void TaskPool::Finish() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (RunOne(lock)) {
      continue;
    }
    if (running_ == 0) {
      return;
    }
    changed_.wait(lock);
  }
}

void TaskPool::Help() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (RunOne(lock)) {
      continue;
    }
    if (closing_) {
      return;
    }
    changed_.wait(lock);
  }
}

bool TaskPool::RunOne(std::unique_lock<std::mutex>& lock) {
  Task task;
  if (!small_.empty()) {
    task = std::move(small_.front());
    small_.pop_front();
  } else if (!large_.empty()) {
    task = std::move(large_.back());
    large_.pop_back();
  } else {
    return false;
  }
  ++running_;
  lock.unlock();
  task();
  task = nullptr;
  lock.lock();
  --running_;
  if (running_ == 0 && small_.empty() && large_.empty()) {
    changed_.notify_all();
  }
  return true;
}

}  // namespace syncline
