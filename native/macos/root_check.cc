#include "macos/root_check.h"

#include <algorithm>

namespace syncline {
namespace {

constexpr int64_t kPresentMs = 1000;
constexpr int64_t kFirstAwayMs = 200;
constexpr int64_t kMaxAwayMs = 2000;

}  // namespace

RootCheck::Verdict RootCheck::Check(int64_t now_ms) {
  RootIdentity identity;
  const int error = disk_->Identify(root_, &identity);
  if (error == 0 && identity == identity_) {
    const bool was_away = away_;
    away_ = replaced_ = false;
    pause_ms_ = kFirstAwayMs;
    next_ms_ = now_ms + kPresentMs;
    if (was_away) {
      records_->Root(RootState::kBack, 0);
    }
    return was_away ? Verdict::kBack : Verdict::kSame;
  }
  if (error == 0 && !replaced_) {
    records_->Root(RootState::kReplaced, 0);
  } else if (error != 0 && (!away_ || replaced_)) {
    records_->Root(RootState::kGone, static_cast<uint32_t>(error));
  }
  away_ = true;
  replaced_ = error == 0;
  pause_ms_ = std::max(pause_ms_, kFirstAwayMs);
  next_ms_ = now_ms + pause_ms_;
  pause_ms_ = std::min(pause_ms_ * 2, kMaxAwayMs);
  return Verdict::kAway;
}

}  // namespace syncline
