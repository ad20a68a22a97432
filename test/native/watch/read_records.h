#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "watch/event_batch.h"

namespace syncline::testing {

// One record, read back from the flat buffer.
struct Record {
  SlotKind kind;
  uint8_t hints;
  std::string directory;
  std::string name;
  uint32_t value;
  // Of a kCoverageCounts slot, whose `value` is its reason.
  uint32_t watched = 0;
  uint32_t missing = 0;

  std::string Path() const {
    std::string path = directory;
    path += directory.empty() ? "" : "/";
    return path += name;
  }
};

inline std::vector<Record> ReadRecords(const std::vector<uint8_t>& batch) {
  std::vector<Record> records;
  if (batch.empty()) {
    return records;
  }
  const auto* words = reinterpret_cast<const uint32_t*>(batch.data());
  const size_t directories = words[2];
  const size_t slots = words[3];
  const uint32_t* table = words + kHeaderWords;
  const uint32_t* slot = table + directories * kDirectoryWords;
  const auto* text = reinterpret_cast<const char*>(slot + slots * kSlotWords);
  for (size_t i = 0; i < slots; i++, slot += kSlotWords) {
    Record record{static_cast<SlotKind>(slot[0] & 0xff), static_cast<uint8_t>(slot[0] >> 8), {}, {}, slot[3]};
    if (record.kind == SlotKind::kCoverageCounts) {
      record.watched = slot[1];
      record.missing = slot[2];
    } else {
      record.directory.assign(text + table[size_t{slot[1]} * 2], table[size_t{slot[1]} * 2 + 1]);
      record.name.assign(text + slot[2], slot[0] >> 16);
    }
    records.push_back(record);
  }
  return records;
}

}  // namespace syncline::testing
