#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "posix/unique_fd.h"

namespace syncline {

// A mounted file system: the kernel's number for the mount, and the absolute path it is mounted at.
struct MountPoint {
  int id = 0;
  std::string path;
  bool operator==(const MountPoint&) const = default;
  bool operator<(const MountPoint& other) const { return id != other.id ? id < other.id : path < other.path; }
};

// Reads lines of /proc/self/mountinfo (proc(5)), where blanks and backslashes of a path are octal escapes.
// Sorted.
std::vector<MountPoint> ParseMountInfo(std::string_view text);

// Tells which mount points of this process come and go. Inotify does not: a directory that something is
// mounted over stays watched as it was, unseen. Without /proc nothing ever changes here. Open and Changed are
// called from one thread, Fd may be polled by another.
class MountPoints {
 public:
  void Open();
  // Has POLLERR and POLLPRI once after each change; -1 if there is none.
  int Fd() const { return fd_.Get(); }
  // Where something was mounted or unmounted since the last call (or Open), in no order.
  std::vector<std::string> Changed();

 private:
  std::vector<MountPoint> Read();

  UniqueFd fd_;
  std::vector<MountPoint> known_;
};

}  // namespace syncline
