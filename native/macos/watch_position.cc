#include "macos/watch_position.h"

#include <cctype>
#include <charconv>
#include <vector>

namespace syncline {
namespace {

constexpr std::string_view kVersion = "fsevents1";

template <typename Number>
bool ReadNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (const char c : text) {
    if (c != '-' && std::isxdigit(static_cast<unsigned char>(c)) == 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string FormatPosition(const WatchPosition& position) {
  std::string token(kVersion);
  for (const std::string& part :
       {position.journal, std::to_string(position.id), std::to_string(position.root.inode),
        std::to_string(position.root.birth_seconds), std::to_string(position.root.birth_nanoseconds)}) {
    token += ':';
    token += part;
  }
  return token;
}

std::optional<WatchPosition> ParsePosition(std::string_view token) {
  std::vector<std::string_view> parts;
  for (size_t at = 0;;) {
    const size_t end = token.find(':', at);
    parts.push_back(token.substr(at, end - at));
    if (end == std::string_view::npos) {
      break;
    }
    at = end + 1;
  }
  WatchPosition position;
  const bool valid = parts.size() == 6 && parts[0] == kVersion && IsUuid(parts[1]) &&
                     ReadNumber(parts[2], &position.id) && ReadNumber(parts[3], &position.root.inode) &&
                     ReadNumber(parts[4], &position.root.birth_seconds) &&
                     ReadNumber(parts[5], &position.root.birth_nanoseconds);
  if (!valid) {
    return std::nullopt;
  }
  position.journal = parts[1];
  return position;
}

bool MayResume(const WatchPosition& position, std::string_view journal, uint64_t latest_id,
               const RootIdentity& root) {
  return position.id != 0 && position.id <= latest_id && !journal.empty() && position.journal == journal &&
         position.root.inode == root.inode && position.root.birth_seconds == root.birth_seconds &&
         position.root.birth_nanoseconds == root.birth_nanoseconds;
}

}  // namespace syncline
