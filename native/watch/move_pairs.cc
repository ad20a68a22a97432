#include "watch/move_pairs.h"

#include <utility>

namespace syncline {

void MovePairs::SkipPaired() {
  while (!order_.empty()) {
    const auto found = sources_.find(order_.front().cookie);
    if (found != sources_.end() && found->second.serial == order_.front().serial) {
      return;
    }
    order_.pop_front();
  }
}

std::optional<MoveSource> MovePairs::AddSource(uint32_t cookie, MoveSource source) {
  std::optional<MoveSource> displaced = TakeSource(cookie);
  if (!displaced && sources_.size() >= capacity_) {
    SkipPaired();
    displaced = TakeSource(order_.front().cookie);
  }
  const uint64_t serial = next_serial_++;
  sources_.emplace(cookie, Entry{std::move(source), serial});
  order_.push_back({cookie, serial});
  return displaced;
}

std::optional<MoveSource> MovePairs::TakeSource(uint32_t cookie) {
  const auto found = sources_.find(cookie);
  if (found == sources_.end()) {
    return std::nullopt;
  }
  MoveSource source = std::move(found->second.source);
  sources_.erase(found);
  SkipPaired();
  return source;
}

std::vector<MoveSource> MovePairs::TakeSeenBy(int64_t seen_ms) {
  std::vector<MoveSource> taken;
  for (SkipPaired(); !order_.empty(); SkipPaired()) {
    const auto found = sources_.find(order_.front().cookie);
    if (found->second.source.seen_ms > seen_ms) {
      break;
    }
    taken.push_back(std::move(found->second.source));
    sources_.erase(found);
  }
  return taken;
}

std::optional<int64_t> MovePairs::OldestSeenMs() {
  SkipPaired();
  if (order_.empty()) {
    return std::nullopt;
  }
  return sources_.find(order_.front().cookie)->second.source.seen_ms;
}

}  // namespace syncline
