#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "watch/directory_table.h"

namespace syncline {

// Where a name was when the first half of its move was seen.
struct MoveSource {
  NodeRef directory;
  // Path of `directory` at that moment, for when the directory itself is gone by the time the second half
  // comes; nothing if it was in a subtree whose place was not known.
  std::optional<std::string> directory_path;
  std::string name;
  bool is_directory = false;
  // The directory itself if the table knew it; it waits detached.
  NodeRef node;
  // Whether `node` is what moved is a guess.
  bool uncertain = false;
  int64_t seen_ms = 0;
  uint32_t cookie = 0;
};

// Joins the two halves of a move by their cookie, across reads and whatever lies between. Time is passed in
// (any steady milliseconds). Bounded: the oldest half is given back unpaired when there are more than
// `capacity`. Not thread-safe.
class MovePairs {
 public:
  explicit MovePairs(size_t capacity = 65536) : capacity_(capacity) {}

  // Remembers the first half. Returns a half that had to make room, or an earlier one with the same cookie.
  std::optional<MoveSource> AddSource(uint32_t cookie, MoveSource source);
  // The first half with this cookie, taken out; nothing if there is none (the name came from outside).
  std::optional<MoveSource> TakeSource(uint32_t cookie);
  // Takes out the halves seen at or before `seen_ms`, oldest first.
  std::vector<MoveSource> TakeSeenBy(int64_t seen_ms);
  // When the oldest half was seen; nothing when none waits.
  std::optional<int64_t> OldestSeenMs();

  size_t Size() const { return sources_.size(); }

 private:
  struct Waiting {
    uint32_t cookie;
    uint64_t serial;
  };
  struct Entry {
    MoveSource source;
    uint64_t serial;
  };
  // Drops order entries whose half is already paired.
  void SkipPaired();

  const size_t capacity_;
  uint64_t next_serial_ = 0;
  std::unordered_map<uint32_t, Entry> sources_;
  std::deque<Waiting> order_;
};

}  // namespace syncline
