#include "filter/select_batch.h"

#include <string>

#include "filter/event_batch_view.h"

namespace syncline {
namespace {

class Selector {
 public:
  Selector(const RuleList& rules, const EventBatchView& batch)
      : rules_(rules), batch_(batch), verdicts_(batch.DirectoryCount(), Verdict::kUnknown) {}

  Selection Run() {
    for (uint32_t slot = 0; slot < batch_.SlotCount(); ++slot) {
      switch (batch_.Kind(slot)) {
        case SlotKind::kChanged:
          SelectChange(slot);
          break;
        case SlotKind::kMovedFrom:
          SelectMove(slot);
          ++slot;
          break;
        case SlotKind::kRescan:
          if (DirectoryExcluded(batch_.Slot(slot).directory)) {
            Diverge(slot);
          } else {
            Keep(slot);
          }
          break;
        default:
          Keep(slot);
      }
    }
    if (!diverged_) {
      return {Selection::Kind::kUnchanged, {}};
    }
    return {Selection::Kind::kReduced, writer_.Finish(batch_.Sequence())};
  }

 private:
  enum class Verdict : uint8_t { kUnknown, kKept, kExcluded };
  static constexpr uint32_t kNoIndex = UINT32_MAX;

  bool DirectoryExcluded(uint32_t index) {
    Verdict& verdict = verdicts_[index];
    if (verdict == Verdict::kUnknown) {
      verdict = rules_.Excludes(batch_.Directory(index), true) ? Verdict::kExcluded : Verdict::kKept;
    }
    return verdict == Verdict::kExcluded;
  }

  // `path_` of the entry afterwards, when the directory is kept.
  bool EntryExcluded(const EventSlot& slot, bool is_directory) {
    if (DirectoryExcluded(slot.directory)) {
      return true;
    }
    SetPath(slot);
    return rules_.ExcludesEntry(path_, is_directory);
  }

  void SetPath(const EventSlot& slot) {
    path_.assign(batch_.Directory(slot.directory));
    if (!path_.empty()) {
      path_.push_back('/');
    }
    path_.append(slot.name);
  }

  void SelectChange(uint32_t index) {
    const EventSlot slot = batch_.Slot(index);
    const bool is_directory = (slot.hints & kIsDirectory) != 0;
    if (!EntryExcluded(slot, is_directory)) {
      Keep(index);
      return;
    }
    Diverge(index);
    const bool replaced = is_directory && (slot.hints & (kModified | kCreated | kDeleted)) == kModified;
    if (replaced && !DirectoryExcluded(slot.directory) && !rules_.ExcludesEntry(path_, false)) {
      AddRescan(batch_.Directory(slot.directory), RescanReason::kRecovered);
    }
  }

  void SelectMove(uint32_t index) {
    const EventSlot from = batch_.Slot(index);
    const EventSlot to = batch_.Slot(index + 1);
    const auto type = static_cast<uint8_t>((from.hints | to.hints) & kIsDirectory);
    const bool is_directory = type != 0;
    const bool from_excluded = EntryExcluded(from, is_directory);
    const bool to_excluded = EntryExcluded(to, is_directory);
    if (!from_excluded && !to_excluded) {
      Keep(index);
      Keep(index + 1);
      if (is_directory && rules_.LooksAtParents()) {
        Diverge(index + 2);
        AddRescan(path_, RescanReason::kMovedIn);
      }
      return;
    }
    Diverge(index);
    if (!from_excluded) {
      writer_.AddSlot(SlotKind::kChanged, kDeleted | type, WriterDirectory(from.directory), from.name, 0);
    }
    if (!to_excluded) {
      // By its size and time it may look like what had this name before.
      writer_.AddSlot(SlotKind::kChanged, kModified | kClosed | type, WriterDirectory(to.directory), to.name,
                      0);
      if (is_directory) {
        AddRescan(path_, RescanReason::kMovedIn);
      }
    }
  }

  void AddRescan(std::string_view directory, RescanReason reason) {
    writer_.AddSlot(SlotKind::kRescan, static_cast<uint8_t>(reason), writer_.AddDirectory(directory), {}, 0);
  }

  void Keep(uint32_t index) {
    if (diverged_) {
      Copy(index);
    }
  }

  // From the slot `end` on the result is not the buffer given: all before it is copied.
  void Diverge(uint32_t end) {
    if (diverged_) {
      return;
    }
    diverged_ = true;
    writer_directories_.assign(batch_.DirectoryCount(), kNoIndex);
    for (uint32_t slot = 0; slot < end; ++slot) {
      Copy(slot);
    }
  }

  void Copy(uint32_t index) {
    switch (batch_.Kind(index)) {
      case SlotKind::kCoverageCounts: {
        const EventBatchView::CoverageCounts counts = batch_.Counts(index);
        writer_.AddCounts(counts.watched, counts.missing, counts.reason);
        break;
      }
      case SlotKind::kRoot:
      case SlotKind::kBarrier: {
        const EventSlot slot = batch_.Slot(index);
        if (root_directory_ == kNoIndex) {
          root_directory_ = writer_.AddDirectory({});
        }
        writer_.AddSlot(slot.kind, slot.hints, root_directory_, slot.name, slot.value);
        break;
      }
      default: {
        const EventSlot slot = batch_.Slot(index);
        writer_.AddSlot(slot.kind, slot.hints, WriterDirectory(slot.directory), slot.name, slot.value);
      }
    }
  }

  uint32_t WriterDirectory(uint32_t index) {
    uint32_t& known = writer_directories_[index];
    if (known == kNoIndex) {
      known = writer_.AddDirectory(batch_.Directory(index));
    }
    return known;
  }

  const RuleList& rules_;
  const EventBatchView& batch_;
  std::vector<Verdict> verdicts_;
  std::vector<uint32_t> writer_directories_;
  uint32_t root_directory_ = kNoIndex;
  EventBatchWriter writer_;
  std::string path_;
  bool diverged_ = false;
};

}  // namespace

Selection SelectBatch(const RuleList& rules, std::span<const uint8_t> batch) {
  const std::optional<EventBatchView> view = EventBatchView::Parse(batch);
  if (!view) {
    return {Selection::Kind::kMalformed, {}};
  }
  return Selector(rules, *view).Run();
}

}  // namespace syncline
