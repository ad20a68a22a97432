#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace syncline {

// An event about something that has moved meanwhile, or about what is in a directory that has, names a path
// that is not there. It may come before the move is known, or after. Remembers both for a while, so that such
// an event is told at the new place as well. Bounded. Not thread-safe.
class RecentMoves {
 public:
  static constexpr int64_t kMemoryMs = 2000;

  struct Lost {
    std::string path;  // relative
    uint32_t flags;
  };

  // Something happened at a path that was not there when it was looked at.
  void AddLost(std::string_view path, uint32_t flags, int64_t now_ms);
  // A file or a directory went from one place to another. Returns what was lost at its old place and below,
  // as paths of the new one; nothing if more was lost than is remembered, and then the move is not remembered
  // either.
  std::optional<std::vector<Lost>> AddMove(std::string_view from, std::string_view to, int64_t now_ms);
  // Where a path may be now, by the moves remembered; the nearest directory first.
  std::vector<std::string> Follow(std::string_view path) const;
  // Content was told at a path that was there. A move to it, told later, must not make up for that.
  void AddContent(std::string_view path, int64_t now_ms);
  // True when it was, or may have been.
  bool HadContent(std::string_view path, int64_t now_ms) const;
  void Expire(int64_t now_ms);
  void Clear();

 private:
  static constexpr size_t kMaxLost = 16384;
  static constexpr size_t kMaxMoves = 16384;
  static constexpr size_t kMaxContent = 65536;

  struct LostAt {
    uint32_t flags = 0;
    int64_t seen_ms = 0;
  };
  struct MovedTo {
    std::string to;
    int64_t seen_ms = 0;
  };
  struct Seen {
    std::string path;
    int64_t ms;
  };
  std::map<std::string, LostAt, std::less<>> lost_;
  std::deque<Seen> lost_order_;
  std::unordered_map<std::string, MovedTo> moves_;  // by the old path
  std::deque<Seen> move_order_;
  std::unordered_map<std::string, int64_t> content_;
  std::deque<Seen> content_order_;
  int64_t overflowed_ms_ = INT64_MIN / 2;          // of lost_
  int64_t content_overflowed_ms_ = INT64_MIN / 2;  // of content_
};

}  // namespace syncline
