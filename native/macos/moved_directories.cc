#include "macos/moved_directories.h"

#include "macos/source_paths.h"

namespace syncline {
namespace {

// `path` is below `from`; the same below `to`.
std::string Rehung(std::string_view path, std::string_view from, std::string_view to) {
  return JoinPath(to, path.substr(from.size() + 1));
}

bool IsBelow(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && IsWithin(path, directory);
}

}  // namespace

void MovedDirectories::AddLost(std::string_view path, uint32_t flags, int64_t now_ms) {
  if (lost_.size() >= kMaxLost) {
    lost_.pop_front();
    overflowed_ms_ = now_ms;
  }
  lost_.push_back({{std::string(path), flags}, now_ms});
}

std::optional<std::vector<MovedDirectories::Lost>> MovedDirectories::AddMove(std::string_view from,
                                                                             std::string_view to,
                                                                             int64_t now_ms) {
  if (moves_.size() >= kMaxMoves || now_ms - overflowed_ms_ <= kMemoryMs) {
    return std::nullopt;
  }
  moves_.push_back({std::string(from), std::string(to), now_ms});
  std::vector<Lost> found;
  for (const LostEntry& entry : lost_) {
    if (IsBelow(entry.lost.path, from)) {
      found.push_back({Rehung(entry.lost.path, from, to), entry.lost.flags});
    }
  }
  return found;
}

std::vector<std::string> MovedDirectories::Follow(std::string_view path) const {
  std::vector<std::string> places;
  for (auto move = moves_.rbegin(); move != moves_.rend(); ++move) {
    if (IsBelow(path, move->from)) {
      places.push_back(Rehung(path, move->from, move->to));
    }
  }
  return places;
}

void MovedDirectories::Expire(int64_t now_ms) {
  while (!lost_.empty() && now_ms - lost_.front().seen_ms > kMemoryMs) {
    lost_.pop_front();
  }
  while (!moves_.empty() && now_ms - moves_.front().seen_ms > kMemoryMs) {
    moves_.pop_front();
  }
}

void MovedDirectories::Clear() {
  lost_.clear();
  moves_.clear();
}

}  // namespace syncline
