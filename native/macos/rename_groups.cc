#include "macos/rename_groups.h"

#include <algorithm>
#include <utility>

namespace syncline {

void RenameGroups::Add(uint64_t inode, RenameHalf half, uint64_t lowest_id, int64_t now_ms) {
  Entry& entry = groups_[inode];
  if (entry.group.halves.empty()) {
    entry.group.inode = inode;
    entry.group.first_seen_ms = now_ms;
    entry.group.lowest_id = lowest_id;
  }
  entry.touched = true;
  entry.group.lowest_id = std::min(entry.group.lowest_id, lowest_id);
  std::vector<RenameHalf>& halves = entry.group.halves;
  const auto same = std::find_if(halves.begin(), halves.end(),
                                 [&](const RenameHalf& known) { return known.path == half.path; });
  if (same != halves.end()) {
    half.flags |= same->flags;
    half.id = std::max(half.id, same->id);
    halves.erase(same);
  } else {
    halves_++;
  }
  const auto at = std::upper_bound(halves.begin(), halves.end(), half.id,
                                   [](uint64_t id, const RenameHalf& known) { return id < known.id; });
  halves.insert(at, std::move(half));
}

template <typename Wanted>
std::vector<RenameGroup> RenameGroups::TakeIf(Wanted wanted) {
  std::vector<RenameGroup> taken;
  for (auto at = groups_.begin(); at != groups_.end();) {
    if (wanted(at->second)) {
      halves_ -= at->second.group.halves.size();
      taken.push_back(std::move(at->second.group));
      at = groups_.erase(at);
    } else {
      ++at;
    }
  }
  std::sort(taken.begin(), taken.end(), [](const RenameGroup& a, const RenameGroup& b) {
    return a.halves.front().id != b.halves.front().id ? a.halves.front().id < b.halves.front().id
                                                      : a.inode < b.inode;
  });
  return taken;
}

std::vector<RenameGroup> RenameGroups::TakeTouched() {
  return TakeIf([](const Entry& entry) { return entry.touched; });
}

std::vector<RenameGroup> RenameGroups::TakeSeenBy(int64_t seen_ms) {
  return TakeIf([seen_ms](const Entry& entry) { return entry.group.first_seen_ms <= seen_ms; });
}

void RenameGroups::Keep(RenameGroup group) {
  halves_ += group.halves.size();
  const uint64_t inode = group.inode;
  groups_[inode] = Entry{std::move(group), false};
}

void RenameGroups::CountPaths(std::unordered_map<std::string, int>* groups_at) const {
  for (const auto& [inode, entry] : groups_) {
    for (const RenameHalf& half : entry.group.halves) {
      const auto counted = groups_at->find(half.path);
      if (counted != groups_at->end()) {
        counted->second++;
      }
    }
  }
}

void RenameGroups::Clear() {
  groups_.clear();
  halves_ = 0;
}

std::optional<int64_t> RenameGroups::OldestSeenMs() const {
  std::optional<int64_t> oldest;
  for (const auto& [inode, entry] : groups_) {
    oldest = std::min(oldest.value_or(entry.group.first_seen_ms), entry.group.first_seen_ms);
  }
  return oldest;
}

std::optional<uint64_t> RenameGroups::LowestId() const {
  std::optional<uint64_t> lowest;
  for (const auto& [inode, entry] : groups_) {
    const uint64_t id = entry.group.lowest_id;
    lowest = std::min(lowest.value_or(id), id);
  }
  return lowest;
}

}  // namespace syncline
