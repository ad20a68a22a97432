#pragma once

#include <cstdint>
#include <string>

#include "macos/disk.h"
#include "watch/pending_records.h"

namespace syncline {

// Whether the root is the directory it was at the start; tells `gone`, `replaced` and `back`. It is looked at
// when there is a reason to, once a second, and more often while it is away. Not thread-safe.
class RootCheck {
 public:
  RootCheck(std::string root, const RootIdentity& identity, Disk* disk, PendingRecords* records)
      : root_(std::move(root)), identity_(identity), disk_(disk), records_(records) {}

  enum class Verdict { kSame, kAway, kBack };
  // kBack once, when it has been away.
  Verdict Check(int64_t now_ms);
  // To be looked at again as soon as possible.
  void Doubt() { next_ms_ = 0; }
  int64_t NextMs() const { return next_ms_; }
  bool Away() const { return away_; }

 private:
  const std::string root_;
  const RootIdentity identity_;
  Disk* const disk_;
  PendingRecords* const records_;
  bool away_ = false;
  bool replaced_ = false;
  int64_t next_ms_ = 0;
  int64_t pause_ms_ = 0;
};

}  // namespace syncline
