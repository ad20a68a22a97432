#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "watch/name_arena.h"
#include "watch/paged_array.h"

namespace syncline {

// A directory of the table: its number, and the generation that tells it from a later directory with the same
// number.
struct NodeRef {
  uint32_t id = 0xffffffff;
  uint32_t generation = 0;
  bool operator==(const NodeRef&) const = default;
  // Unique over the life of a table, but for generations that wrap.
  uint64_t Key() const { return static_cast<uint64_t>(id) << 32 | generation; }
};

// State of a directory, as bits.
enum NodeFlag : uint32_t {
  kQueued = 1,        // a scan task for it is waiting
  kScanning = 2,      // one is listing it
  kLimbo = 4,         // top of a subtree whose new place is not known yet
  kLimboDirty = 8,    // something happened in it meanwhile
  kBlind = 16,        // it cannot be opened or watched (other than for the watch limit)
  kUnwatched = 32,    // the watch limit left no watch for it
  kExcluded = 64,     // left out by the filter: known by name only, never entered
  kComplete = 128,    // listed since it is watched
  kReport = 256,      // what its next listing finds is reported
  kRelist = 512,      // its next scan lists it even if its watch is known
  kDeep = 1024,       // and so for everything below it
  kSeen = 2048,       // named by the listing under way, or by an event since that began
  kLost = 4096,       // its watch went away with the mount it was on
  kDying = 8192,      // the kernel has said that the directory itself is deleted, or probably is
  kMisplaced = 16384  // its last scan did not find its parent by its path
};

// The directories under watch: struct of arrays, about 55 bytes a directory, no paths. A path is made by
// walking up. A rename re-hangs one node; removal is linear in what is removed; nothing ever walks the whole
// table but ForEach. Not thread-safe.
class DirectoryTable {
 public:
  static constexpr uint32_t kNone = 0xffffffff;
  static constexpr uint32_t kRoot = 0;
  static constexpr int32_t kNoWatch = -1;

  // Makes the root, whose number is kRoot.
  DirectoryTable();

  // The child of `parent` with this name, or kNone.
  uint32_t Find(uint32_t parent, std::string_view name) const;
  // Adds a child. There must be none of this name.
  uint32_t Add(uint32_t parent, std::string_view name);
  // Takes the node with all below it out of its parent; it keeps its name and children. Not for the root.
  void Detach(uint32_t id);
  // Hangs a detached node under `parent` by `name`. There must be none of this name.
  void Attach(uint32_t id, uint32_t parent, std::string_view name);
  struct Freed {
    uint32_t unwatched = 0;
    uint32_t excluded = 0;
  };
  // Frees a detached subtree and appends the watches it had to `watches`; returns how many of the nodes had
  // kUnwatched and kExcluded. Linear in its size.
  Freed FreeSubtree(uint32_t id, std::vector<int32_t>* watches);

  bool Alive(NodeRef ref) const {
    return ref.id < next_id_ && generation_[ref.id] == ref.generation && (ref.generation & 1) != 0;
  }
  NodeRef RefOf(uint32_t id) const { return {id, generation_[id]}; }
  // kNone for the root and for a detached node.
  uint32_t ParentOf(uint32_t id) const { return parent_[id]; }
  std::string_view NameOf(uint32_t id) const { return names_.Get(name_[id]); }
  uint32_t FirstChildOf(uint32_t id) const { return first_child_[id]; }
  uint32_t NextSiblingOf(uint32_t id) const { return next_sibling_[id]; }
  int32_t WatchOf(uint32_t id) const { return watch_[id]; }
  // Only remembers the number in the node; WatchMap holds the way back.
  void SetWatch(uint32_t id, int32_t watch) { watch_[id] = watch; }

  bool Has(uint32_t id, uint32_t flags) const { return (flags_[id] & flags) != 0; }
  void Set(uint32_t id, uint32_t flags) { flags_[id] = static_cast<uint16_t>(flags_[id] | flags); }
  void Clear(uint32_t id, uint32_t flags) { flags_[id] = static_cast<uint16_t>(flags_[id] & ~flags); }

  // Says that something happened to the name of a node. Attach and Detach do so too.
  void Touch(uint32_t id) { touches_[id]++; }
  // Differs from an earlier value if something has happened to the name since. Wraps.
  uint32_t TouchesOf(uint32_t id) const { return touches_[id]; }

  // True when `ancestor` is `id` or above it.
  bool IsWithin(uint32_t id, uint32_t ancestor) const;
  // Writes the path relative to the root into `path`; '' for the root. False when `id` hangs in a detached
  // subtree.
  bool PathOf(uint32_t id, std::string* path) const;

  // Live nodes, the root included.
  uint32_t Size() const { return size_; }
  size_t ByteSize() const;

 private:
  uint64_t HashOf(uint32_t parent, std::string_view name) const;
  void HashInsert(uint32_t id);
  void HashErase(uint32_t id);
  void GrowHash();
  uint32_t NewId();

  PagedArray<uint32_t> parent_;
  PagedArray<uint32_t> first_child_;
  PagedArray<uint32_t> next_sibling_;
  PagedArray<uint32_t> previous_sibling_;
  PagedArray<uint32_t> name_;
  PagedArray<int32_t> watch_;
  PagedArray<uint32_t> generation_;  // Odd while alive.
  PagedArray<uint32_t> touches_;
  PagedArray<uint16_t> flags_;
  NameArena names_;
  // Open addressing with linear probing over (parent, name); holds ids.
  std::vector<uint32_t> buckets_;
  uint32_t hashed_ = 0;
  uint32_t next_id_ = 0;
  uint32_t free_head_ = kNone;
  uint32_t size_ = 0;
};

// Watch number to directory. The kernel gives numbers in sequence and reuses them only after 2^31, so pages
// are dense, and a page whose watches are all gone is freed. Not thread-safe.
class WatchMap {
 public:
  static constexpr uint32_t kUnknown = 0xffffffff;
  // The directory is gone from the table but the kernel may still have events with this number.
  static constexpr uint32_t kRetired = 0xfffffffe;

  uint32_t Find(int32_t watch) const;
  // `id` may be kRetired, and kUnknown to forget it.
  void Set(int32_t watch, uint32_t id);

  // Watches that are known and not retired.
  uint32_t LiveCount() const { return live_; }

 private:
  static constexpr uint32_t kPageEntries = 4096;
  struct Page {
    uint32_t used = 0;
    uint32_t ids[kPageEntries];
  };
  std::vector<std::unique_ptr<Page>> pages_;
  uint32_t live_ = 0;
};

}  // namespace syncline
