#pragma once

#include <string>
#include <vector>

#include "../watch/read_records.h"

namespace syncline::testing {

// A record as a line of text: `changed a/b modified closed`. The root is `.`.
inline std::string RecordText(const Record& record) {
  const auto shown = [](const std::string& path) { return path.empty() ? std::string(".") : path; };
  static const char* const kReasons[] = {"?", "overflow", "collapsed", "recovered", "movedIn"};
  static const char* const kStates[] = {"?", "scanning", "watching", "blind"};
  static const char* const kRoots[] = {"?", "gone", "back", "replaced"};
  static const char* const kHints[] = {"created", "modified",    "closed", "attrib",
                                       "deleted", "isDirectory", "listed"};
  switch (record.kind) {
    case SlotKind::kChanged: {
      std::string text = "changed " + shown(record.Path());
      for (int bit = 0; bit < 7; bit++) {
        text += (record.hints & (1 << bit)) != 0 ? std::string(" ") + kHints[bit] : "";
      }
      return text;
    }
    case SlotKind::kMovedFrom:
      return "moved " + record.Path();
    case SlotKind::kMovedTo:
      return " -> " + record.Path() + ((record.hints & kIsDirectory) != 0 ? " isDirectory" : "");
    case SlotKind::kRescan:
      return "rescan " + shown(record.directory) + " " + kReasons[record.hints];
    case SlotKind::kCoverage:
      return std::string("coverage ") + kStates[record.hints];
    case SlotKind::kRoot:
      return std::string("root ") + kRoots[record.hints];
    case SlotKind::kBarrier:
      return "barrier " + std::to_string(record.value);
    default:
      return "";
  }
}

// Records as lines; a move is one line, the counts of a coverage record are left out.
inline std::vector<std::string> RecordLines(const std::vector<Record>& records) {
  std::vector<std::string> lines;
  for (const Record& record : records) {
    const std::string text = RecordText(record);
    if (record.kind == SlotKind::kMovedTo) {
      lines.back() += text;
    } else if (!text.empty()) {
      lines.push_back(text);
    }
  }
  return lines;
}

}  // namespace syncline::testing
