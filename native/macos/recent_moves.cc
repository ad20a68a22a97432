#include "macos/recent_moves.h"

#include <utility>

#include "macos/source_paths.h"
#include "watch/relative_path.h"

namespace syncline {

void RecentMoves::AddLost(std::string_view path, uint32_t flags, int64_t now_ms) {
  if (lost_order_.size() >= kMaxLost) {
    overflowed_ms_ = now_ms;
    return;
  }
  LostAt& at = lost_[std::string(path)];
  at = {at.flags | flags, now_ms};
  lost_order_.push_back({std::string(path), now_ms});
}

std::optional<std::vector<RecentMoves::Lost>> RecentMoves::AddMove(std::string_view from, std::string_view to,
                                                                   int64_t now_ms) {
  if (move_order_.size() >= kMaxMoves || now_ms - overflowed_ms_ <= kMemoryMs) {
    return std::nullopt;
  }
  moves_[std::string(from)] = {std::string(to), now_ms};
  move_order_.push_back({std::string(from), now_ms});
  std::vector<Lost> found;
  if (const auto exact = lost_.find(from); exact != lost_.end()) {
    found.push_back({std::string(to), exact->second.flags});
  }
  const std::string below = std::string(from) + '/';
  for (auto at = lost_.lower_bound(below); at != lost_.end() && at->first.starts_with(below); ++at) {
    found.push_back({JoinPath(to, at->first.substr(below.size())), at->second.flags});
  }
  return found;
}

std::vector<std::string> RecentMoves::Follow(std::string_view path) const {
  std::vector<std::string> places;
  for (std::string_view above = path; !moves_.empty() && !above.empty(); above = ParentPath(above)) {
    const auto move = moves_.find(std::string(above));
    if (move != moves_.end()) {
      places.push_back(move->second.to + std::string(path.substr(above.size())));
    }
  }
  return places;
}

void RecentMoves::AddContent(std::string_view path, int64_t now_ms) {
  if (content_order_.size() >= kMaxContent) {
    content_overflowed_ms_ = now_ms;
    return;
  }
  content_[std::string(path)] = now_ms;
  content_order_.push_back({std::string(path), now_ms});
}

bool RecentMoves::HadContent(std::string_view path, int64_t now_ms) const {
  return now_ms - content_overflowed_ms_ <= kMemoryMs || content_.contains(std::string(path));
}

void RecentMoves::Expire(int64_t now_ms) {
  for (; !content_order_.empty() && now_ms - content_order_.front().ms > kMemoryMs;
       content_order_.pop_front()) {
    const auto at = content_.find(content_order_.front().path);
    if (at != content_.end() && at->second == content_order_.front().ms) {
      content_.erase(at);
    }
  }
  for (; !lost_order_.empty() && now_ms - lost_order_.front().ms > kMemoryMs; lost_order_.pop_front()) {
    const auto at = lost_.find(lost_order_.front().path);
    if (at != lost_.end() && at->second.seen_ms == lost_order_.front().ms) {
      lost_.erase(at);
    }
  }
  for (; !move_order_.empty() && now_ms - move_order_.front().ms > kMemoryMs; move_order_.pop_front()) {
    const auto at = moves_.find(move_order_.front().path);
    if (at != moves_.end() && at->second.seen_ms == move_order_.front().ms) {
      moves_.erase(at);
    }
  }
}

void RecentMoves::Clear() {
  content_.clear();
  content_order_.clear();
  lost_.clear();
  lost_order_.clear();
  moves_.clear();
  move_order_.clear();
}

}  // namespace syncline
