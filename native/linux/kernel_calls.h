#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace syncline {

// The kernel calls that tests make fail or stall. All return -1 and set errno on failure. Called from several
// threads.
class KernelCalls {
 public:
  virtual ~KernelCalls() = default;
  // Reads events; like read(2).
  virtual ssize_t ReadEvents(int inotify_fd, void* buffer, size_t size);
  // Opens the directory `name` below `parent_fd` for listing; never follows a symlink.
  virtual int OpenChild(int parent_fd, const char* name);
  // Opens the directory at `path`, some parts below `parent_fd` and shorter than PATH_MAX, for passing
  // through; follows no symlink and does not leave `parent_fd`. ENOSYS or EPERM: this kernel or sandbox has
  // no openat2(2).
  virtual int OpenPath(int parent_fd, const char* path);
  // Reads entries of an open directory; like getdents64(2).
  virtual ssize_t ListEntries(int directory_fd, void* buffer, size_t size);
  // Watches the directory that is open as `directory_fd`, whatever its path is by now.
  virtual int AddWatch(int inotify_fd, int directory_fd, uint32_t mask);
};

// Gives the calling thread a working directory of its own, which makes AddWatch cheaper. For threads that
// scan.
void UseOwnWorkingDirectory();
// Goes back to a directory that keeps nothing busy.
void LeaveWorkingDirectory();

// Opens `path` (relative to `root_fd`, of any length, '' is the directory itself) for listing without
// following a symlink on the way or leaving the root. Returns a descriptor, or -1 and errno.
int OpenBeneath(KernelCalls* calls, int root_fd, const char* path, size_t length);

}  // namespace syncline
