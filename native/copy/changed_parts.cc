#include "copy/changed_parts.h"

#include <array>
#include <utility>

namespace syncline {
namespace {

// Where each part stands, and its letter; the place of `u` stays empty.
constexpr std::array<std::pair<size_t, char>, 8> kMarks = {
    {{2, 'c'}, {3, 's'}, {4, 't'}, {5, 'p'}, {6, 'o'}, {7, 'g'}, {9, 'a'}, {10, 'x'}}};

char TypeLetter(mode_t type) {
  switch (type & S_IFMT) {
    case S_IFREG:
      return 'f';
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'L';
    case S_IFBLK:
    case S_IFCHR:
      return 'D';
    default:
      return 'S';
  }
}

char WayLetter(mode_t type, ChangeWay way) {
  switch (way) {
    case ChangeWay::kAttributes:
      return '.';
    case ChangeWay::kLinked:
      return 'h';
    case ChangeWay::kNew:
    case ChangeWay::kReplaced:
      return S_ISREG(type) ? '>' : 'c';
  }
  return '.';
}

}  // namespace

std::string ItemizedChange(mode_t type, ChangeWay way, uint32_t parts) {
  std::string change(11, way == ChangeWay::kNew ? '+' : '.');
  change[0] = WayLetter(type, way);
  change[1] = TypeLetter(type);
  if (way != ChangeWay::kNew) {
    for (size_t bit = 0; bit < kMarks.size(); ++bit) {
      if ((parts >> bit & 1U) != 0) {
        change[kMarks[bit].first] = kMarks[bit].second;
      }
    }
  }
  return change;
}

}  // namespace syncline
