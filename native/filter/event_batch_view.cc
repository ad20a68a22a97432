#include "filter/event_batch_view.h"

namespace syncline {

std::optional<EventBatchView> EventBatchView::Parse(std::span<const uint8_t> buffer) {
  EventBatchView view(buffer);
  if (!view.CheckHeader()) {
    return std::nullopt;
  }
  for (uint32_t i = 0; i < view.directory_count_; ++i) {
    const size_t at = kHeaderWords + i * size_t{kDirectoryWords};
    if (!view.HasText(view.Word(at), view.Word(at + 1))) {
      return std::nullopt;
    }
  }
  for (uint32_t i = 0; i < view.slot_count_; ++i) {
    if (!view.CheckSlot(i)) {
      return std::nullopt;
    }
  }
  return view;
}

bool EventBatchView::CheckHeader() {
  if (buffer_.size() < kHeaderWords * sizeof(uint32_t) || Word(0) != kEventBatchMagic ||
      Word(1) != kEventBatchVersion) {
    return false;
  }
  directory_count_ = Word(2);
  slot_count_ = Word(3);
  text_length_ = Word(4);
  const uint64_t words =
      kHeaderWords + uint64_t{directory_count_} * kDirectoryWords + uint64_t{slot_count_} * kSlotWords;
  if (words * sizeof(uint32_t) + text_length_ > buffer_.size()) {
    return false;
  }
  slots_at_ = kHeaderWords + size_t{directory_count_} * kDirectoryWords;
  text_at_ = static_cast<size_t>(words) * sizeof(uint32_t);
  return true;
}

bool EventBatchView::CheckSlot(uint32_t index) const {
  const auto kind_at = [this](uint32_t slot) { return slot < slot_count_ ? Kind(slot) : SlotKind{}; };
  const SlotKind kind = kind_at(index);
  const SlotKind before = index > 0 ? kind_at(index - 1) : SlotKind{};
  const SlotKind after = kind_at(index + 1);
  if ((kind == SlotKind::kCoverageCounts) != (before == SlotKind::kCoverage) ||
      (kind == SlotKind::kMovedTo) != (before == SlotKind::kMovedFrom) ||
      (kind == SlotKind::kCoverage && after != SlotKind::kCoverageCounts) ||
      (kind == SlotKind::kMovedFrom && after != SlotKind::kMovedTo)) {
    return false;
  }
  switch (kind) {
    case SlotKind::kChanged:
    case SlotKind::kMovedFrom:
    case SlotKind::kMovedTo:
    case SlotKind::kRescan:
    case SlotKind::kCoverage:
      return SlotWord(index, 1) < directory_count_ && HasText(SlotWord(index, 2), SlotWord(index, 0) >> 16);
    case SlotKind::kCoverageCounts:
      return true;
    case SlotKind::kRoot:
    case SlotKind::kBarrier:
      return HasText(SlotWord(index, 2), SlotWord(index, 0) >> 16);
  }
  return false;
}

std::string_view EventBatchView::Directory(uint32_t index) const {
  const size_t at = kHeaderWords + index * size_t{kDirectoryWords};
  return Text(Word(at), Word(at + 1));
}

EventSlot EventBatchView::Slot(uint32_t index) const {
  const uint32_t first = SlotWord(index, 0);
  return {static_cast<SlotKind>(first & 0xff), static_cast<uint8_t>(first >> 8), SlotWord(index, 1),
          Text(SlotWord(index, 2), first >> 16), SlotWord(index, 3)};
}

EventBatchView::CoverageCounts EventBatchView::Counts(uint32_t index) const {
  return {SlotWord(index, 1), SlotWord(index, 2), static_cast<CoverageReason>(SlotWord(index, 3))};
}

}  // namespace syncline
