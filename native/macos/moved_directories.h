#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncline {

// An event about a path of a directory that has moved meanwhile names a path that is not there. It may come
// before the move is known, or after. Remembers both for a while, so that such an event is told at the place
// the directory went to as well. Bounded. Not thread-safe.
class MovedDirectories {
 public:
  static constexpr int64_t kMemoryMs = 2000;

  struct Lost {
    std::string path;  // relative
    uint32_t flags;
  };

  // Something happened at a path that was not there when it was looked at, nor was its directory.
  void AddLost(std::string_view path, uint32_t flags, int64_t now_ms);
  // A directory went from one place to another. Returns what was lost below its old place, as paths below the
  // new one; nothing if there was more than is remembered, and then the move is not remembered either.
  std::optional<std::vector<Lost>> AddMove(std::string_view from, std::string_view to, int64_t now_ms);
  // Where a path may be now, by the moves remembered; newest move first.
  std::vector<std::string> Follow(std::string_view path) const;
  void Expire(int64_t now_ms);
  void Clear();

 private:
  static constexpr size_t kMaxLost = 4096;
  static constexpr size_t kMaxMoves = 256;

  struct LostEntry {
    Lost lost;
    int64_t seen_ms;
  };
  struct Move {
    std::string from;
    std::string to;
    int64_t seen_ms;
  };
  std::deque<LostEntry> lost_;
  std::deque<Move> moves_;
  int64_t overflowed_ms_ = -kMemoryMs - 1;
};

}  // namespace syncline
