#include "linux/mount_points.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace syncline {
namespace {

std::string Unescape(std::string_view text) {
  constexpr size_t kDigits = 3;
  std::string path;
  for (size_t at = 0; at < text.size(); at++) {
    unsigned char byte = 0;
    const char* const digits = text.data() + at + 1;
    if (text[at] == '\\' && at + kDigits < text.size() &&
        std::from_chars(digits, digits + kDigits, byte, 8).ptr == digits + kDigits) {
      path += static_cast<char>(byte);
      at += kDigits;
    } else {
      path += text[at];
    }
  }
  return path;
}

}  // namespace

std::vector<MountPoint> ParseMountInfo(std::string_view text) {
  constexpr int kPathField = 4;
  std::vector<MountPoint> mounts;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    MountPoint mount;
    std::from_chars(line.data(), line.data() + line.size(), mount.id);
    for (int field = 0; field < kPathField; field++) {
      const size_t blank = line.find(' ');
      line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
    }
    if (!line.empty()) {
      mount.path = Unescape(line.substr(0, line.find(' ')));
      mounts.push_back(std::move(mount));
    }
  }
  std::sort(mounts.begin(), mounts.end());
  return mounts;
}

void MountPoints::Open() {
  fd_.Reset(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  known_ = Read();
}

std::vector<MountPoint> MountPoints::Read() {
  std::string text;
  if (fd_.Valid() && lseek(fd_.Get(), 0, SEEK_SET) == 0) {
    char buffer[8192];
    for (ssize_t size = 0; (size = read(fd_.Get(), buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<size_t>(size));
    }
  }
  return ParseMountInfo(text);
}

std::vector<std::string> MountPoints::Changed() {
  std::vector<MountPoint> now = Read();
  std::vector<MountPoint> changed;
  std::set_symmetric_difference(known_.begin(), known_.end(), now.begin(), now.end(),
                                std::back_inserter(changed));
  known_ = std::move(now);
  std::vector<std::string> paths;
  paths.reserve(changed.size());
  for (MountPoint& mount : changed) {
    paths.push_back(std::move(mount.path));
  }
  return paths;
}

}  // namespace syncline
