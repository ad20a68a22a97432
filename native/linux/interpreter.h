#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "linux/decode_inotify.h"
#include "linux/watched_tree.h"
#include "watch/move_pairs.h"

namespace syncline {

// Turns the kernel's events, in order, into changes of the table and into records. One thread calls it, with
// the tree's mutex held.
class Interpreter {
 public:
  struct Callbacks {
    std::function<void()> on_overflow;
    // The root was deleted, moved or unmounted: whether it is there still is to be looked at.
    std::function<void()> on_root_changed;
  };

  Interpreter(WatchedTree* tree, Callbacks callbacks) : tree_(tree), callbacks_(std::move(callbacks)) {}

  void Apply(const InotifyEvent& event, int64_t now_ms);
  // The events of one read are applied.
  void EndBlock();
  // Gives up on halves of moves seen at or before `seen_ms`: the queue is known to have been empty since.
  void ExpireMoves(int64_t seen_ms);
  // When the oldest waiting half was seen.
  std::optional<int64_t> OldestMoveMs();

 private:
  // A directory that a move put another one in the place of: half of an exchange, or deleted.
  struct Displaced {
    NodeRef node;
    bool watched;
    int64_t seen_ms;
  };
  struct PlaceHash {
    size_t operator()(const std::pair<uint64_t, std::string>& place) const;
  };

  void ApplySelf(uint32_t id, const InotifyEvent& event);
  void WatchEnded(uint32_t id, int32_t watch);
  void ApplyCreate(uint32_t id, const InotifyEvent& event);
  void ApplyDelete(uint32_t id, const InotifyEvent& event);
  void ApplyMovedFrom(uint32_t id, const InotifyEvent& event, int64_t now_ms);
  void ApplyMovedTo(uint32_t id, const InotifyEvent& event, int64_t now_ms);
  // A directory came to this name by a move from a known place; `source` is the first half.
  void PlaceMovedDirectory(uint32_t id, std::string_view name, const MoveSource& source);
  // Puts what the table has by this name aside, since a move put something else there.
  void Displace(uint32_t id, std::string_view name, int64_t now_ms);
  void DropUnpaired(const MoveSource& source);
  // Something is at this name again: a waiting first half that left it is unpaired for good, and told first.
  void Occupy(uint32_t id, std::string_view name);
  void DropDisplaced(NodeRef node);

  WatchedTree* const tree_;
  const Callbacks callbacks_;
  MovePairs pairs_;
  std::unordered_map<std::pair<uint64_t, std::string>, Displaced, PlaceHash> displaced_;
  // Names that a waiting first half left: to its cookie.
  std::unordered_map<std::pair<uint64_t, std::string>, uint32_t, PlaceHash> vacated_;
  std::string path_;
};

}  // namespace syncline
