#include "linux/kernel_calls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <string>

#include "posix/unique_fd.h"

namespace syncline {
namespace {

constexpr int kOpenFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
constexpr int kPassFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

thread_local bool own_working_directory = false;

}  // namespace

ssize_t KernelCalls::ReadEvents(int inotify_fd, void* buffer, size_t size) {
  return read(inotify_fd, buffer, size);
}

int KernelCalls::OpenChild(int parent_fd, const char* name) { return openat(parent_fd, name, kOpenFlags); }

int KernelCalls::OpenPath(int parent_fd, const char* path) {
  open_how how{};
  how.flags = static_cast<uint64_t>(kPassFlags);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
  for (;;) {
    const auto fd = static_cast<int>(syscall(SYS_openat2, parent_fd, path, &how, sizeof how));
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) {
      return fd;
    }
  }
}

ssize_t KernelCalls::ListEntries(int directory_fd, void* buffer, size_t size) {
  return syscall(SYS_getdents64, directory_fd, buffer, size);
}

int KernelCalls::AddWatch(int inotify_fd, int directory_fd, uint32_t mask) {
  // "." of a thread's own working directory resolves faster than a link in /proc, and works without /proc;
  // entering needs search permission, the link does not.
  if (own_working_directory && fchdir(directory_fd) == 0) {
    return inotify_add_watch(inotify_fd, ".", mask);
  }
  char link[40];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", directory_fd);
  return inotify_add_watch(inotify_fd, link, mask);
}

void UseOwnWorkingDirectory() { own_working_directory = unshare(CLONE_FS) == 0; }

void LeaveWorkingDirectory() {
  if (own_working_directory && chdir("/") != 0) {
    own_working_directory = false;
  }
}

int OpenBeneath(KernelCalls* calls, int root_fd, const char* path, size_t length) {
  if (length == 0) {
    return calls->OpenChild(root_fd, ".");
  }
  UniqueFd parent;
  size_t at = 0;
  bool by_parts = false;
  std::string parts;
  while (at < length) {
    const int from = parent.Valid() ? parent.Get() : root_fd;
    size_t end = length;
    if (by_parts || length - at >= PATH_MAX) {
      const size_t limit = std::min(length, by_parts ? at + 1 : at + PATH_MAX - 1);
      end = by_parts ? std::find(path + at, path + length, '/') - path
                     : at + std::string_view(path + at, limit - at).rfind('/');
    } else {
      const size_t slash = std::string_view(path + at, length - at).rfind('/');
      end = slash == std::string_view::npos ? length : at + slash;  // The last part goes through OpenChild.
    }
    parts.assign(path + at, end - at);
    const bool last = end == length;
    int fd = -1;
    if (last && parts.find('/') == std::string::npos) {
      fd = calls->OpenChild(from, parts.c_str());
    } else if (by_parts) {
      fd = openat(from, parts.c_str(), kPassFlags);
    } else {
      fd = calls->OpenPath(from, parts.c_str());
      if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        by_parts = true;
        continue;
      }
    }
    if (fd < 0) {
      return -1;
    }
    if (last) {
      return fd;
    }
    parent.Reset(fd);
    at = end + 1;
  }
  errno = ENOENT;
  return -1;
}

}  // namespace syncline
