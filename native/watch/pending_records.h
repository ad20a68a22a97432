#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "watch/event_batch.h"

namespace syncline {

// The hand-over: records gather here until JavaScript takes them as one buffer. `changed` records of one name
// merge as long as no other kind of record lies between, so order is kept where it matters. When the records
// outgrow `max_bytes` (JavaScript is slow), siblings become a `rescan` of their directory, then of a
// directory above it, at last of the whole tree; coverage, root and barrier records are kept in any case, in
// their place. Thread-safe.
class PendingRecords {
 public:
  explicit PendingRecords(size_t max_bytes) : max_bytes_(max_bytes) {}

  // `key` names the directory as long as its path is `path` (call ForgetPaths when a directory moves).
  // Hints are those of this one event; see MergeHints.
  void Changed(uint64_t key, std::string_view path, std::string_view name, uint8_t hints);
  // The same, without a path: false if the key is not known and the path must be given.
  bool ChangedKnown(uint64_t key, std::string_view name, uint8_t hints);
  void Moved(std::string_view from_directory, std::string_view from_name, std::string_view to_directory,
             std::string_view to_name, bool is_directory);
  void Rescan(std::string_view directory, RescanReason reason);
  // A progress record replaces the one right before it.
  void Coverage(std::string_view directory, CoverageState state, CoverageReason reason, uint32_t error,
                uint32_t watched, uint32_t missing);
  void Root(RootState state, uint32_t error);
  void Barrier(uint32_t token);
  // Directory keys given so far may have other paths from now on.
  void ForgetPaths();

  // All records as one flat buffer, counted from 1; empty if there are none.
  std::vector<uint8_t> Take();
  bool Empty() const;
  size_t ByteSize() const;

 private:
  // A serial is base_ + slot: unlike a slot number it is not used again after Take.
  struct NameBucket {
    uint32_t hash = 0;
    uint32_t serial = 0;
  };
  struct KeyBucket {
    uint64_t key = 0;
    uint32_t directory = 0;
    uint32_t epoch = 0;
  };
  static constexpr uint32_t kUnknown = 0xffffffff;

  void ChangedIn(uint32_t directory, std::string_view name, uint8_t hints);
  uint32_t FindKey(uint64_t key);
  void RememberKey(uint64_t key, uint32_t directory);
  // A later `changed` does not merge with one before this point.
  void StartSegment();
  bool Absorbed(std::string_view path) const;
  void LimitSize();
  // Rewrites all records, `changed` and `rescan` cut to `depth` path parts. Depth kWholeDepth keeps
  // directories and collapses those with several records; depth 0 also drops moves.
  void Collapse(size_t depth);
  void GrowNames();
  void Reset();

  static constexpr size_t kWholeDepth = 1U << 20;

  const size_t max_bytes_;
  mutable std::mutex mutex_;
  EventBatchWriter writer_;
  uint32_t sequence_ = 0;
  // What may not collapse has outgrown the cap: not tried again before the records are larger than this.
  size_t collapse_above_bytes_ = 0;

  std::vector<NameBucket> names_;
  uint32_t name_count_ = 0;  // in the current segment
  uint32_t base_ = 1;        // serial of slot 0
  uint32_t segment_ = 1;     // serial of the first slot that may be merged with

  std::vector<KeyBucket> keys_;
  uint32_t key_count_ = 0;
  uint32_t key_epoch_ = 1;
  uint64_t last_key_ = 0;
  uint32_t last_directory_ = kUnknown;

  // Paths whose subtree a collapse of the current segment has made one `rescan`.
  std::unordered_set<std::string> collapsed_;
};

// The hints of a record after one more event of its name. `was` is what the record holds, `event` the new
// event's hints.
uint8_t MergeHints(uint8_t was, uint8_t event);

}  // namespace syncline
