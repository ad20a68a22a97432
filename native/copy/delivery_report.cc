#include "copy/delivery_report.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace syncline {
namespace {

std::string TextOf(std::string_view operation, int error) {
  return std::string(operation) + ": " + std::generic_category().message(error);
}

// Whoever listens is busy for longer with one call than with a record.
constexpr size_t kRingAtRecords = 500;
constexpr std::chrono::milliseconds kRingInterval(20);

bool IsLackOfThisMachine(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

}  // namespace

void DeliveryReport::Updated(std::string path, uint64_t bytes, std::string change) {
  Add({DeliveryRecord::Kind::kUpdated, std::move(path), bytes, std::move(change)});
}

void DeliveryReport::DirectoryTime(std::string path) {
  Add({DeliveryRecord::Kind::kDirectoryTime, std::move(path)});
}

void DeliveryReport::Deleted(std::string path) { Add({DeliveryRecord::Kind::kDeleted, std::move(path)}); }

void DeliveryReport::Moved(std::string to) { Add({DeliveryRecord::Kind::kMoved, std::move(to)}); }

void DeliveryReport::Missed(std::string to) { Add({DeliveryRecord::Kind::kMissed, std::move(to)}); }

void DeliveryReport::Recheck(std::string path) { Add({DeliveryRecord::Kind::kRecheck, std::move(path)}); }

void DeliveryReport::Refused(std::string path, std::string_view operation, int error) {
  Add({DeliveryRecord::Kind::kRefused, std::move(path), 0, TextOf(operation, error)});
}

void DeliveryReport::SourceProblem(std::string path, std::string_view operation, int error) {
  if (IsLackOfThisMachine(error)) {
    Fail(DeliveryFailure::Scope::kBatch, TextOf(operation, error));
  } else if (error == ENOENT || error == ENOTDIR || error == ELOOP || error == EISDIR) {
    // Replaced or deleted since it was listed.
    Recheck(std::move(path));
  } else {
    Problem(std::move(path), TextOf(operation, error));
  }
}

void DeliveryReport::TargetProblem(std::string path, std::string_view operation, int error) {
  if (IsLackOfThisMachine(error)) {
    Fail(DeliveryFailure::Scope::kBatch, TextOf(operation, error));
  } else if (error == ENOSPC || error == EDQUOT || error == EROFS) {
    Fail(DeliveryFailure::Scope::kTarget, std::generic_category().message(error));
  } else {
    Problem(std::move(path), TextOf(operation, error));
  }
}

void DeliveryReport::Problem(std::string path, std::string message) {
  Add({DeliveryRecord::Kind::kProblem, std::move(path), 0, std::move(message)});
}

void DeliveryReport::Fail(DeliveryFailure::Scope scope, std::string message) {
  const std::lock_guard lock(mutex_);
  if (failure_.scope == DeliveryFailure::Scope::kNone) {
    failure_ = {scope, std::move(message)};
  }
  stopped_ = true;
}

void DeliveryReport::CountBytes(uint64_t bytes) {
  bytes_ += bytes;
  RingIfDue(std::unique_lock(mutex_));
}

std::vector<DeliveryRecord> DeliveryReport::Take(size_t limit) {
  std::unique_lock lock(mutex_);
  rung_ = false;
  const auto end = records_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, records_.size()));
  std::vector<DeliveryRecord> taken(std::make_move_iterator(records_.begin()), std::make_move_iterator(end));
  records_.erase(records_.begin(), end);
  if (!records_.empty()) {
    Ring(std::move(lock));
  }
  return taken;
}

void DeliveryReport::End() {
  std::unique_lock lock(mutex_);
  ended_ = true;
  Ring(std::move(lock));
}

bool DeliveryReport::Ended() const {
  const std::lock_guard lock(mutex_);
  return ended_ && records_.empty();
}

DeliveryFailure DeliveryReport::Failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

DeliveryReport::Trouble DeliveryReport::TroubleWith(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = troubles_.find(path);
  return found == troubles_.end() ? Trouble::kNone : found->second;
}

void DeliveryReport::Add(DeliveryRecord record) {
  std::unique_lock lock(mutex_);
  if (record.kind == DeliveryRecord::Kind::kProblem) {
    troubles_[record.path] = Trouble::kProblem;
  } else if (record.kind == DeliveryRecord::Kind::kRecheck) {
    troubles_.try_emplace(record.path, Trouble::kRecheck);
  }
  records_.push_back(std::move(record));
  RingIfDue(std::move(lock));
}

void DeliveryReport::RingIfDue(std::unique_lock<std::mutex> lock) {
  const auto now = std::chrono::steady_clock::now();
  if (records_.size() >= kRingAtRecords || now - last_ring_ >= kRingInterval) {
    last_ring_ = now;
    Ring(std::move(lock));
  }
}

void DeliveryReport::Ring(std::unique_lock<std::mutex> lock) {
  const bool due = !std::exchange(rung_, true);
  lock.unlock();
  if (due) {
    ring_();
  }
}

}  // namespace syncline
