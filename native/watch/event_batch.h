#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

// The flat buffer in which records cross to JavaScript. src/model/event-batch.ts is its other side and
// describes the layout; the numbers here and there are equal (test/addon/event-batch-numbers.test.ts).
namespace syncline {

inline constexpr uint32_t kEventBatchMagic = 0x424e5953;
inline constexpr uint32_t kEventBatchVersion = 1;
inline constexpr uint32_t kHeaderWords = 8;
inline constexpr uint32_t kDirectoryWords = 2;
inline constexpr uint32_t kSlotWords = 4;

enum class SlotKind : uint8_t {
  kChanged = 1,
  kMovedFrom = 2,
  kMovedTo = 3,
  kRescan = 4,
  kCoverage = 5,
  kCoverageCounts = 6,
  kRoot = 7,
  kBarrier = 8,
};

// Hints of a `changed` record: what was seen of the name within this record. They help, they never decide.
enum Hint : uint8_t {
  kCreated = 1,   // the first thing seen was its creation
  kModified = 2,  // content was written, or the name was deleted and made anew
  kClosed = 4,    // closed by its writer after the last write
  kAttrib = 8,    // mode, owner, times, links or xattrs
  kDeleted = 16,  // the last thing seen was its deletion or its move to an unknown place
  kIsDirectory = 32,
  kListed = 64,  // found by listing a directory that is new to the watch
};

enum class RescanReason : uint8_t { kOverflow = 1, kCollapsed = 2, kRecovered = 3, kMovedIn = 4 };
enum class CoverageState : uint8_t { kScanning = 1, kWatching = 2, kBlind = 3 };
enum class CoverageReason : uint8_t {
  kStart = 1,
  kOverflow = 2,
  kUnreadable = 3,
  kWatchLimit = 4,
  kOtherFileSystem = 5,
  kRecovered = 6,
  kProgress = 7,
};
enum class RootState : uint8_t { kGone = 1, kBack = 2, kReplaced = 3 };

// Collects directories, slots and bytes, and lays them out as one buffer. Not thread-safe. No merging: that
// is the hand-over's business. Directory indexes are valid until Finish().
class EventBatchWriter {
 public:
  // Adds a directory path (relative to the root) to the table. Does not look for an equal one.
  uint32_t AddDirectory(std::string_view path);
  // Adds one slot and returns its index. `name` is at most 65,535 bytes (a Linux name is at most 255).
  uint32_t AddSlot(SlotKind kind, uint8_t hints, uint32_t directory, std::string_view name, uint32_t value);
  void AddCounts(uint32_t watched, uint32_t missing, CoverageReason reason);
  // ORs and clears hint bits of an existing slot.
  void SetHints(uint32_t slot, uint8_t hints);
  uint8_t HintsOf(uint32_t slot) const;
  SlotKind KindOf(uint32_t slot) const;
  uint32_t DirectoryOf(uint32_t slot) const;
  // Valid until the next change.
  std::string_view NameOf(uint32_t slot) const;
  uint32_t ValueOf(uint32_t slot) const;
  std::string_view DirectoryPath(uint32_t directory) const;
  // Of a kCoverageCounts slot.
  CoverageReason ReasonOf(uint32_t slot) const;
  void SetCounts(uint32_t slot, uint32_t watched, uint32_t missing);
  // Copies slot `slot` of `from` as it is, its directory being `directory` here. For kCoverageCounts
  // `directory` is ignored.
  void CopySlot(const EventBatchWriter& from, uint32_t slot, uint32_t directory);

  bool Empty() const { return slots_.empty(); }
  size_t SlotCount() const { return slots_.size() / kSlotWords; }
  // Bytes held, about the size of the finished buffer.
  size_t ByteSize() const;
  // The finished buffer; the writer is empty afterwards.
  std::vector<uint8_t> Finish(uint32_t sequence);
  void Clear();

 private:
  uint32_t AddText(std::string_view text);

  std::vector<uint32_t> directories_;
  std::vector<uint32_t> slots_;
  std::vector<char> text_;
};

}  // namespace syncline
