#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "macos/disk.h"
#include "macos/due_rescans.h"
#include "macos/fs_event.h"
#include "macos/gone_names.h"
#include "macos/recent_moves.h"
#include "macos/rename_groups.h"
#include "macos/root_check.h"
#include "macos/source_paths.h"
#include "watch/path_filter.h"
#include "watch/pending_records.h"

namespace syncline {

// What the translator asks of the stream its events come from. Called from within its own calls.
class EventSource {
 public:
  virtual ~EventSource() = default;
  // Replaces the stream by one that tells again all that came after `id`, and then kHistoryDone. False if it
  // cannot: the old one goes on.
  virtual bool ResumeFrom(uint64_t id) = 0;
  // Replaces the stream by one that begins now.
  virtual void Restart() = 0;
};

// Turns events of FSEvents into records, with a look at the disk: flags say what may have happened, the disk
// what is. No system header, no clock and no thread of its own: it runs everywhere.
//
// Every event ends in a record that tells to look at its path, at the subtree it may have brought along, or
// at a directory above it; nothing is ever inferred from an event that did not come. Of that, only a move
// says more than "look". It is told when one inode was renamed, one path of it is not there any more and
// another one has it; the content stays in doubt unless both events tell of nothing but a rename. Directories
// that were moved are compared as well: what happened in them before may have been told at paths that were
// gone. `created` is never said: a creation may be told again half a minute later. Not thread-safe.
class EventTranslator {
 public:
  struct Options {
    std::string root;            // as the user gave it
    std::string canonical_root;  // as FSEvents reports it
    RootIdentity identity;
    std::shared_ptr<const PathFilter> filter;  // may be null
    // How long one half of a rename waits for the other.
    int64_t window_ms = 100;
    // The events begin behind this id, and kHistoryDone says when they are live.
    uint64_t since = 0;
    bool replays = false;
  };

  // The pointers outlive it.
  EventTranslator(Options options, Disk* disk, PendingRecords* records, EventSource* source);

  // The events of one callback.
  void Apply(std::span<const FsEvent> events, int64_t now_ms);
  // What depends on time: halves of renames, rescans, the root. Returns when to call it next at the latest.
  int64_t Housekeep(int64_t now_ms);
  // When the oldest half of a rename was seen.
  std::optional<int64_t> OldestHalfMs() const { return renames_.OldestSeenMs(); }
  // Tells the rescans that wait for their time.
  void TellDueRescans(int64_t now_ms);

  // History is still being replayed.
  bool Replaying() const { return replaying_; }
  // All that happened up to this id has been told; 0: not known.
  uint64_t ToldId() const;
  uint64_t Drops() const { return drops_; }

 private:
  // What a half of a rename has at its path now.
  enum class Found { kHere, kGone, kRespelled, kOther };

  bool ApplyStreamEvent(const FsEvent& event, int64_t now_ms);
  void ApplyDrop(const FsEvent& event, int64_t now_ms);
  void EndReplay();
  // The directory, or the whole tree for one that is not in it, is to be rescanned some time.
  void DoubtDirectory(std::string_view absolute, RescanReason reason);
  // The directory itself, or the first one above it that is there under its name.
  std::string NearestThere(std::string directory) const;
  bool InExcludedDirectory(std::string_view relative);
  // The entry itself, in a directory that is not.
  bool IsExcluded(std::string_view relative, uint32_t flags) const;

  void Resolve(std::vector<RenameGroup> groups, bool last_chance, int64_t now_ms);
  // False if it is to wait for more.
  bool ResolveGroup(const RenameGroup& group, const std::unordered_map<std::string, int>& groups_at,
                    bool last_chance, int64_t now_ms);
  Found Find(uint64_t inode, const RenameHalf& half, bool* is_directory);
  void TellMove(const RenameHalf& from, const RenameHalf& to, bool is_directory, bool in_doubt,
                int64_t now_ms);

  // Tells to look at `relative`, after a look at it. `depth` counts how often a moved directory led here.
  void Tell(std::string_view relative, uint32_t flags, int64_t now_ms, int depth = 0);
  void TellGone(std::string_view relative, uint32_t flags, int64_t now_ms, int depth);
  void Changed(std::string_view relative, uint8_t hints);
  // There is no entry at this path any more.
  void NoteGone(std::string_view relative, uint32_t flags);
  // There is an entry at this path, of this spelling.
  void NoteThere(std::string_view relative, uint32_t flags);

  const Options options_;
  Disk* const disk_;
  PendingRecords* const records_;
  EventSource* const source_;
  SourcePaths paths_;
  RootCheck root_;
  RenameGroups renames_;
  RecentMoves moved_;
  GoneNames gone_;
  DueRescans rescans_;
  bool replaying_;
  bool resuming_ = false;
  uint64_t drops_ = 0;
  uint64_t telling_id_ = 0;  // no change that is being told has a lower one
  uint64_t told_id_;         // while nothing waits
  uint64_t highest_id_ = 0;  // of the events since the replay began
  std::optional<int64_t> last_resume_ms_;
  // When a rename without an inode was told last: it may belong to any.
  int64_t unknown_rename_ms_ = INT64_MIN / 2;
  // Keys of PendingRecords by directory; never used twice.
  std::unordered_map<std::string, uint64_t> keys_;
  uint64_t next_key_ = 1;
  // The last directory the filter was asked about, with its verdict.
  std::string asked_directory_;
  bool asked_excluded_ = false;
};

}  // namespace syncline
