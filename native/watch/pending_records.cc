#include "watch/pending_records.h"

#include <algorithm>

#include "watch/name_hash.h"

namespace syncline {
namespace {

constexpr uint32_t kAbsorbedDirectory = 0xfffffffe;
// A directory with at least this many records becomes a rescan of it in the first step of a collapse.
constexpr uint32_t kSiblingsToCollapse = 4;

bool IsPinned(SlotKind kind) {
  return kind == SlotKind::kCoverage || kind == SlotKind::kCoverageCounts || kind == SlotKind::kRoot ||
         kind == SlotKind::kBarrier;
}

// The first `depth` parts of a path.
std::string_view CutPath(std::string_view path, size_t depth) {
  if (depth == 0) {
    return {};
  }
  size_t at = 0;
  for (size_t parts = 0; at < path.size(); at++) {
    if (path[at] == '/' && ++parts == depth) {
      return path.substr(0, at);
    }
  }
  return path;
}

}  // namespace

uint8_t MergeHints(uint8_t was, uint8_t event) {
  if ((event & kDeleted) != 0) {
    return static_cast<uint8_t>((was & ~(kClosed | kIsDirectory)) | event);
  }
  uint8_t hints = was;
  if ((event & kModified) != 0 && (event & kClosed) == 0) {
    hints &= static_cast<uint8_t>(~kClosed);
  }
  // What is new by a name is called closed until a write is seen: a link, a symlink or a fifo never is
  // written.
  if ((was & kDeleted) != 0) {
    // It is there again. Only if its creation was the first thing seen, this one is as good as that.
    hints &= (was & kCreated) != 0 ? (kCreated | kListed) : (kModified | kAttrib | kListed);
    hints |= (was & kCreated) != 0 ? 0 : kModified | kClosed;
    if ((event & (kModified | kClosed)) == kModified) {
      hints &= static_cast<uint8_t>(~kClosed);
    }
    event &= static_cast<uint8_t>(~kCreated);
  } else if ((event & kCreated) != 0) {
    // Something was seen of it before this creation: by then it existed, or its deletion was not seen. A
    // listing may well have been faster than the event.
    hints &= static_cast<uint8_t>(~kIsDirectory);
    hints |= (was & (kCreated | kListed)) != 0 ? 0 : kModified | kClosed;
    event &= static_cast<uint8_t>(~kCreated);
  }
  return static_cast<uint8_t>(hints | event);
}

void PendingRecords::Changed(uint64_t key, std::string_view path, std::string_view name, uint8_t hints) {
  const std::lock_guard lock(mutex_);
  uint32_t directory = FindKey(key);
  if (directory == kUnknown) {
    directory = Absorbed(path) ? kAbsorbedDirectory : writer_.AddDirectory(path);
    RememberKey(key, directory);
  }
  ChangedIn(directory, name, hints);
}

bool PendingRecords::ChangedKnown(uint64_t key, std::string_view name, uint8_t hints) {
  const std::lock_guard lock(mutex_);
  const uint32_t directory = FindKey(key);
  if (directory == kUnknown) {
    return false;
  }
  ChangedIn(directory, name, hints);
  return true;
}

void PendingRecords::ChangedIn(uint32_t directory, std::string_view name, uint8_t hints) {
  if (directory == kAbsorbedDirectory) {
    return;
  }
  if ((name_count_ + 1) * 4ULL > names_.size() * 3ULL) {
    GrowNames();
  }
  const auto hash = static_cast<uint32_t>(HashName(directory, name));
  const size_t mask = names_.size() - 1;
  size_t at = hash & mask;
  for (; names_[at].serial >= segment_; at = (at + 1) & mask) {
    if (names_[at].hash != hash) {
      continue;
    }
    const uint32_t slot = names_[at].serial - base_;
    if (writer_.DirectoryOf(slot) == directory && writer_.NameOf(slot) == name) {
      writer_.SetHints(slot, MergeHints(writer_.HintsOf(slot), hints));
      return;
    }
  }
  const uint32_t slot = writer_.AddSlot(SlotKind::kChanged, hints, directory, name, 0);
  names_[at] = {hash, base_ + slot};
  name_count_++;
  LimitSize();
}

// Entries older than the segment count as empty, for lookups and inserts alike, so a new segment costs
// nothing.
void PendingRecords::GrowNames() {
  std::vector<NameBucket> old(std::max<size_t>(256, names_.size() * 2));
  old.swap(names_);
  const size_t mask = names_.size() - 1;
  for (const NameBucket& bucket : old) {
    if (bucket.serial >= segment_) {
      size_t at = bucket.hash & mask;
      while (names_[at].serial >= segment_) {
        at = (at + 1) & mask;
      }
      names_[at] = bucket;
    }
  }
}

uint32_t PendingRecords::FindKey(uint64_t key) {
  if (key == last_key_ && last_directory_ != kUnknown) {
    return last_directory_;
  }
  if (keys_.empty()) {
    return kUnknown;
  }
  const size_t mask = keys_.size() - 1;
  for (size_t at = HashName(key, {}) & mask; keys_[at].epoch == key_epoch_; at = (at + 1) & mask) {
    if (keys_[at].key == key) {
      last_key_ = key;
      last_directory_ = keys_[at].directory;
      return last_directory_;
    }
  }
  return kUnknown;
}

void PendingRecords::RememberKey(uint64_t key, uint32_t directory) {
  if ((key_count_ + 1) * 4ULL > keys_.size() * 3ULL) {
    std::vector<KeyBucket> old(std::max<size_t>(64, keys_.size() * 2));
    old.swap(keys_);
    const size_t mask = keys_.size() - 1;
    for (const KeyBucket& bucket : old) {
      if (bucket.epoch == key_epoch_) {
        size_t at = HashName(bucket.key, {}) & mask;
        while (keys_[at].epoch == key_epoch_) {
          at = (at + 1) & mask;
        }
        keys_[at] = bucket;
      }
    }
  }
  const size_t mask = keys_.size() - 1;
  size_t at = HashName(key, {}) & mask;
  while (keys_[at].epoch == key_epoch_) {
    at = (at + 1) & mask;
  }
  keys_[at] = {key, directory, key_epoch_};
  key_count_++;
  last_key_ = key;
  last_directory_ = directory;
}

void PendingRecords::ForgetPaths() {
  const std::lock_guard lock(mutex_);
  key_epoch_++;
  key_count_ = 0;
  last_directory_ = kUnknown;
  StartSegment();
}

void PendingRecords::StartSegment() {
  segment_ = base_ + static_cast<uint32_t>(writer_.SlotCount());
  name_count_ = 0;
  if (!collapsed_.empty()) {
    // Directories known as absorbed are not absorbed any more.
    collapsed_.clear();
    key_epoch_++;
    key_count_ = 0;
    last_directory_ = kUnknown;
  }
}

bool PendingRecords::Absorbed(std::string_view path) const {
  if (collapsed_.empty()) {
    return false;
  }
  if (collapsed_.contains(std::string())) {
    return true;
  }
  for (size_t at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
    if (collapsed_.contains(std::string(path.substr(0, at)))) {
      return true;
    }
  }
  return collapsed_.contains(std::string(path));
}

void PendingRecords::Moved(std::string_view from_directory, std::string_view from_name,
                           std::string_view to_directory, std::string_view to_name, bool is_directory) {
  const std::lock_guard lock(mutex_);
  const uint8_t hints = is_directory ? kIsDirectory : 0;
  const uint32_t from = writer_.AddDirectory(from_directory);
  writer_.AddSlot(SlotKind::kMovedFrom, hints, from, from_name, 0);
  const uint32_t to = from_directory == to_directory ? from : writer_.AddDirectory(to_directory);
  writer_.AddSlot(SlotKind::kMovedTo, hints, to, to_name, 0);
  StartSegment();
  LimitSize();
}

void PendingRecords::Rescan(std::string_view directory, RescanReason reason) {
  const std::lock_guard lock(mutex_);
  const auto last = static_cast<uint32_t>(writer_.SlotCount()) - 1;
  if (writer_.SlotCount() > 0 && writer_.KindOf(last) == SlotKind::kRescan &&
      writer_.DirectoryPath(writer_.DirectoryOf(last)) == directory) {
    return;
  }
  writer_.AddSlot(SlotKind::kRescan, static_cast<uint8_t>(reason), writer_.AddDirectory(directory), {}, 0);
  StartSegment();
  LimitSize();
}

void PendingRecords::Coverage(std::string_view directory, CoverageState state, CoverageReason reason,
                              uint32_t error, uint32_t watched, uint32_t missing) {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<uint32_t>(writer_.SlotCount());
  if (reason == CoverageReason::kProgress && count >= 2 &&
      writer_.KindOf(count - 1) == SlotKind::kCoverageCounts &&
      writer_.ReasonOf(count - 1) == CoverageReason::kProgress) {
    writer_.SetCounts(count - 1, watched, missing);
    return;
  }
  writer_.AddSlot(SlotKind::kCoverage, static_cast<uint8_t>(state), writer_.AddDirectory(directory), {},
                  error);
  writer_.AddCounts(watched, missing, reason);
  StartSegment();
}

void PendingRecords::Root(RootState state, uint32_t error) {
  const std::lock_guard lock(mutex_);
  writer_.AddSlot(SlotKind::kRoot, static_cast<uint8_t>(state), writer_.AddDirectory({}), {}, error);
  StartSegment();
}

void PendingRecords::Barrier(uint32_t token) {
  const std::lock_guard lock(mutex_);
  writer_.AddSlot(SlotKind::kBarrier, 0, writer_.AddDirectory({}), {}, token);
  StartSegment();
}

void PendingRecords::LimitSize() {
  if (writer_.ByteSize() <= std::max(max_bytes_, collapse_above_bytes_)) {
    return;
  }
  for (const size_t depth :
       {kWholeDepth, size_t{16}, size_t{8}, size_t{4}, size_t{2}, size_t{1}, size_t{0}}) {
    Collapse(depth);
    if (writer_.ByteSize() <= max_bytes_ / 2) {
      return;
    }
  }
  collapse_above_bytes_ = 2 * writer_.ByteSize();
}

void PendingRecords::Collapse(size_t depth) {
  EventBatchWriter old;
  std::swap(old, writer_);
  const auto count = static_cast<uint32_t>(old.SlotCount());
  const uint32_t segment = segment_ - base_;
  std::vector<uint32_t> siblings;
  for (uint32_t slot = 0; slot < count; slot++) {
    if (old.KindOf(slot) == SlotKind::kChanged) {
      siblings.resize(std::max<size_t>(siblings.size(), old.DirectoryOf(slot) + 1));
      siblings[old.DirectoryOf(slot)]++;
    }
  }
  // Paths already in the run since the last record that stays in its place.
  std::unordered_set<std::string> rescans;
  uint32_t last_old_directory = kUnknown;
  uint32_t last_directory = kUnknown;
  bool in_current_segment = false;
  uint32_t kept_before = 0;  // slots before the open segment
  const auto keep = [&](uint32_t slot) {
    if (old.KindOf(slot) == SlotKind::kCoverageCounts) {
      writer_.CopySlot(old, slot, 0);
      return;
    }
    if (old.DirectoryOf(slot) != last_old_directory) {
      last_old_directory = old.DirectoryOf(slot);
      last_directory = writer_.AddDirectory(old.DirectoryPath(last_old_directory));
    }
    writer_.CopySlot(old, slot, last_directory);
  };
  for (uint32_t slot = 0; slot < count; slot++) {
    if (slot >= segment && !in_current_segment) {
      in_current_segment = true;
      kept_before = static_cast<uint32_t>(writer_.SlotCount());
      rescans.clear();  // What the open segment absorbs must have its rescan in it.
    }
    const SlotKind kind = old.KindOf(slot);
    const bool is_move = kind == SlotKind::kMovedFrom || kind == SlotKind::kMovedTo;
    if (IsPinned(kind) || (is_move && depth != 0)) {
      keep(slot);
      rescans.clear();
      continue;
    }
    if (kind == SlotKind::kChanged && depth == kWholeDepth &&
        siblings[old.DirectoryOf(slot)] < kSiblingsToCollapse) {
      keep(slot);
      continue;
    }
    std::string path(CutPath(old.DirectoryPath(old.DirectoryOf(slot)), depth));
    if (rescans.insert(path).second) {
      const RescanReason reason =
          kind == SlotKind::kRescan ? static_cast<RescanReason>(old.HintsOf(slot)) : RescanReason::kCollapsed;
      writer_.AddSlot(SlotKind::kRescan, static_cast<uint8_t>(reason), writer_.AddDirectory(path), {}, 0);
    }
  }
  // The open segment stays open, so that the next step of a collapse finds it; names start anew.
  base_ += count;
  segment_ = base_ + (in_current_segment ? kept_before : static_cast<uint32_t>(writer_.SlotCount()));
  name_count_ = 0;
  collapsed_.clear();
  if (in_current_segment) {
    collapsed_ = std::move(rescans);
  }
  key_epoch_++;
  key_count_ = 0;
  last_directory_ = kUnknown;
}

void PendingRecords::Reset() {
  base_ += static_cast<uint32_t>(writer_.SlotCount());
  collapse_above_bytes_ = 0;
  collapsed_.clear();
  key_epoch_++;
  key_count_ = 0;
  last_directory_ = kUnknown;
  constexpr size_t kBucketsToKeep = 1U << 16;
  if (base_ > 0xf0000000U || names_.size() > kBucketsToKeep) {
    names_ = {};
    base_ = base_ > 0xf0000000U ? 1 : base_;
  }
  if (keys_.size() > kBucketsToKeep) {
    keys_ = {};
  }
  segment_ = base_;
  name_count_ = 0;
}

std::vector<uint8_t> PendingRecords::Take() {
  EventBatchWriter taken;
  uint32_t sequence = 0;
  {
    const std::lock_guard lock(mutex_);
    if (writer_.Empty()) {
      return {};
    }
    Reset();
    std::swap(taken, writer_);
    sequence = ++sequence_;
  }
  return taken.Finish(sequence);
}

bool PendingRecords::Empty() const {
  const std::lock_guard lock(mutex_);
  return writer_.Empty();
}

size_t PendingRecords::ByteSize() const {
  const std::lock_guard lock(mutex_);
  return writer_.ByteSize();
}

}  // namespace syncline
