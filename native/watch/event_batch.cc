#include "watch/event_batch.h"

#include <cassert>
#include <cstring>

namespace syncline {

uint32_t EventBatchWriter::AddText(std::string_view text) {
  const auto offset = static_cast<uint32_t>(text_.size());
  text_.insert(text_.end(), text.begin(), text.end());
  return offset;
}

uint32_t EventBatchWriter::AddDirectory(std::string_view path) {
  const auto index = static_cast<uint32_t>(directories_.size() / kDirectoryWords);
  directories_.push_back(AddText(path));
  directories_.push_back(static_cast<uint32_t>(path.size()));
  return index;
}

uint32_t EventBatchWriter::AddSlot(SlotKind kind, uint8_t hints, uint32_t directory, std::string_view name,
                                   uint32_t value) {
  assert(name.size() <= 0xffff);
  const auto index = static_cast<uint32_t>(SlotCount());
  slots_.push_back(static_cast<uint32_t>(kind) | static_cast<uint32_t>(hints) << 8 |
                   static_cast<uint32_t>(name.size()) << 16);
  slots_.push_back(directory);
  slots_.push_back(AddText(name));
  slots_.push_back(value);
  return index;
}

void EventBatchWriter::AddCounts(uint32_t watched, uint32_t missing, CoverageReason reason) {
  slots_.push_back(static_cast<uint32_t>(SlotKind::kCoverageCounts));
  slots_.push_back(watched);
  slots_.push_back(missing);
  slots_.push_back(static_cast<uint32_t>(reason));
}

void EventBatchWriter::SetHints(uint32_t slot, uint8_t hints) {
  uint32_t& word = slots_[static_cast<size_t>(slot) * kSlotWords];
  word = (word & 0xffff00ffU) | static_cast<uint32_t>(hints) << 8;
}

uint8_t EventBatchWriter::HintsOf(uint32_t slot) const {
  return static_cast<uint8_t>(slots_[static_cast<size_t>(slot) * kSlotWords] >> 8);
}

SlotKind EventBatchWriter::KindOf(uint32_t slot) const {
  return static_cast<SlotKind>(slots_[static_cast<size_t>(slot) * kSlotWords] & 0xff);
}

uint32_t EventBatchWriter::DirectoryOf(uint32_t slot) const {
  return slots_[static_cast<size_t>(slot) * kSlotWords + 1];
}

std::string_view EventBatchWriter::NameOf(uint32_t slot) const {
  const uint32_t* words = &slots_[static_cast<size_t>(slot) * kSlotWords];
  return {text_.data() + words[2], words[0] >> 16};
}

uint32_t EventBatchWriter::ValueOf(uint32_t slot) const {
  return slots_[static_cast<size_t>(slot) * kSlotWords + 3];
}

std::string_view EventBatchWriter::DirectoryPath(uint32_t directory) const {
  const uint32_t* words = &directories_[static_cast<size_t>(directory) * kDirectoryWords];
  return {text_.data() + words[0], words[1]};
}

CoverageReason EventBatchWriter::ReasonOf(uint32_t slot) const {
  return static_cast<CoverageReason>(slots_[static_cast<size_t>(slot) * kSlotWords + 3]);
}

void EventBatchWriter::SetCounts(uint32_t slot, uint32_t watched, uint32_t missing) {
  uint32_t* words = &slots_[static_cast<size_t>(slot) * kSlotWords];
  words[1] = watched;
  words[2] = missing;
}

void EventBatchWriter::CopySlot(const EventBatchWriter& from, uint32_t slot, uint32_t directory) {
  if (from.KindOf(slot) == SlotKind::kCoverageCounts) {
    const uint32_t* words = &from.slots_[static_cast<size_t>(slot) * kSlotWords];
    slots_.insert(slots_.end(), words, words + kSlotWords);
    return;
  }
  AddSlot(from.KindOf(slot), from.HintsOf(slot), directory, from.NameOf(slot), from.ValueOf(slot));
}

size_t EventBatchWriter::ByteSize() const {
  return (kHeaderWords + directories_.size() + slots_.size()) * sizeof(uint32_t) + text_.size();
}

std::vector<uint8_t> EventBatchWriter::Finish(uint32_t sequence) {
  const uint32_t header[kHeaderWords] = {kEventBatchMagic,
                                         kEventBatchVersion,
                                         static_cast<uint32_t>(directories_.size() / kDirectoryWords),
                                         static_cast<uint32_t>(SlotCount()),
                                         static_cast<uint32_t>(text_.size()),
                                         sequence,
                                         0,
                                         0};
  std::vector<uint8_t> buffer(ByteSize());
  uint8_t* at = buffer.data();
  const auto append = [&at](const void* data, size_t size) {
    if (size > 0) {
      std::memcpy(at, data, size);
    }
    at += size;
  };
  append(header, sizeof header);
  append(directories_.data(), directories_.size() * sizeof(uint32_t));
  append(slots_.data(), slots_.size() * sizeof(uint32_t));
  append(text_.data(), text_.size());
  Clear();
  return buffer;
}

void EventBatchWriter::Clear() {
  directories_.clear();
  slots_.clear();
  text_.clear();
}

}  // namespace syncline
