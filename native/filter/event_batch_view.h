#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "watch/event_batch.h"

namespace syncline {

// One slot of a batch, taken apart. Which fields mean something depends on `kind`, see
// src/model/event-batch.ts.
struct EventSlot {
  SlotKind kind;
  uint8_t hints;
  uint32_t directory;
  std::string_view name;
  uint32_t value;
};

// A read-only look at the flat buffer of an event batch, of any alignment. The bytes must outlive it. Every
// offset, index and kind has been checked when Parse() returns one, and so has every record of two slots.
class EventBatchView {
 public:
  // Nothing when the buffer is malformed.
  static std::optional<EventBatchView> Parse(std::span<const uint8_t> buffer);

  uint32_t DirectoryCount() const { return directory_count_; }
  uint32_t SlotCount() const { return slot_count_; }
  uint32_t Sequence() const { return Word(5); }
  std::string_view Directory(uint32_t index) const;
  // Not for kCoverageCounts, whose words are counts: use Counts().
  EventSlot Slot(uint32_t index) const;
  SlotKind Kind(uint32_t index) const { return static_cast<SlotKind>(SlotWord(index, 0) & 0xff); }
  // Words 1 to 3 of a kCoverageCounts slot.
  struct CoverageCounts {
    uint32_t watched;
    uint32_t missing;
    CoverageReason reason;
  };
  CoverageCounts Counts(uint32_t index) const;

 private:
  explicit EventBatchView(std::span<const uint8_t> buffer) : buffer_(buffer) {}

  uint32_t Word(size_t index) const {
    uint32_t word = 0;
    std::memcpy(&word, buffer_.data() + index * sizeof word, sizeof word);
    return word;
  }
  uint32_t SlotWord(uint32_t slot, size_t word) const {
    return Word(slots_at_ + slot * size_t{kSlotWords} + word);
  }
  std::string_view Text(uint32_t offset, uint32_t length) const {
    return {reinterpret_cast<const char*>(buffer_.data()) + text_at_ + offset, length};
  }
  bool HasText(uint32_t offset, uint32_t length) const { return uint64_t{offset} + length <= text_length_; }
  bool CheckHeader();
  bool CheckSlot(uint32_t index) const;

  std::span<const uint8_t> buffer_;
  uint32_t directory_count_ = 0;
  uint32_t slot_count_ = 0;
  uint32_t text_length_ = 0;
  size_t slots_at_ = 0;  // in words
  size_t text_at_ = 0;   // in bytes
};

}  // namespace syncline
