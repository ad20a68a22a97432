#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace syncline {

// One path that a rename gave up or took.
struct RenameHalf {
  std::string path;  // relative
  uint32_t flags = 0;
  uint64_t id = 0;
};

// The paths that one inode was renamed from and to. FSEvents does not say which is which, nor join the two;
// their order and distance are not promised.
struct RenameGroup {
  uint64_t inode = 0;
  int64_t first_seen_ms = 0;
  uint64_t lowest_id = 0;          // of all changes in it
  std::vector<RenameHalf> halves;  // by id, ascending; no path twice
};

// Gathers the halves of renames by inode until they are taken. Bounded: see `Full`. Not thread-safe.
class RenameGroups {
 public:
  explicit RenameGroups(size_t capacity = 65536) : capacity_(capacity) {}

  // No change in the half has an id below `lowest_id`.
  void Add(uint64_t inode, RenameHalf half, uint64_t lowest_id, int64_t now_ms);
  // The groups that something was added to since the last call, in order of their lowest ids.
  std::vector<RenameGroup> TakeTouched();
  // The groups first seen at or before `seen_ms`, in order of their lowest ids.
  std::vector<RenameGroup> TakeSeenBy(int64_t seen_ms);
  // Gives back a group that is not complete yet.
  void Keep(RenameGroup group);
  // Adds to each path how many of the groups that wait have it.
  void CountPaths(std::unordered_map<std::string, int>* groups_at) const;
  void Clear();

  bool Full() const { return halves_ >= capacity_; }
  std::optional<int64_t> OldestSeenMs() const;
  // The lowest id that waits; nothing if none does.
  std::optional<uint64_t> LowestId() const;

 private:
  template <typename Wanted>
  std::vector<RenameGroup> TakeIf(Wanted wanted);

  struct Entry {
    RenameGroup group;
    bool touched = false;
  };
  const size_t capacity_;
  size_t halves_ = 0;
  std::unordered_map<uint64_t, Entry> groups_;
};

}  // namespace syncline
