#include "copy/directory_access.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace syncline {
namespace {

constexpr int kDirectoryFlags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

#ifndef SYS_fchmodat2
constexpr int kFchmodat2 = 452;
#else
constexpr int kFchmodat2 = SYS_fchmodat2;
#endif

int OpenAt2(int root, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, root, path, &how, sizeof how));
}

}  // namespace

UniqueFd OpenDirectory(int at, const char* name) {
  UniqueFd directory(openat(at, name, O_RDONLY | kDirectoryFlags));
  if (!directory.Valid() && errno == EACCES) {
    directory.Reset(openat(at, name, O_PATH | kDirectoryFlags));
  }
  return directory;
}

UniqueFd OpenDirectoryBeneath(int root, const std::string& path) {
  // Older kernels lack it (ENOSYS), some sandboxes forbid it (EPERM). It may give up on a tree that is
  // renamed under it (EAGAIN), and a path longer than the kernel takes at once is walked as well.
  static std::atomic<bool> lacking = false;
  if (path.empty() || lacking.load(std::memory_order_relaxed)) {
    return WalkDirectoryBeneath(root, path);
  }
  UniqueFd directory(OpenAt2(root, path.c_str(), O_RDONLY | kDirectoryFlags));
  if (!directory.Valid() && errno == EACCES) {
    directory.Reset(OpenAt2(root, path.c_str(), O_PATH | kDirectoryFlags));
  }
  if (directory.Valid()) {
    return directory;
  }
  if (errno == ENOSYS || errno == EPERM) {
    lacking.store(true, std::memory_order_relaxed);
  } else if (errno != EAGAIN && errno != ENAMETOOLONG) {
    return directory;
  }
  return WalkDirectoryBeneath(root, path);
}

int ChangeMode(int at, const char* name, unsigned mode) {
  if (syscall(kFchmodat2, at, name, mode, AT_SYMLINK_NOFOLLOW) == 0) {
    return 0;
  }
  if (errno != ENOSYS && errno != EPERM) {
    return errno;
  }
  // Before Linux 6.6: through a descriptor, which leads to the entry itself whatever has the name by now.
  const UniqueFd entry(openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!entry.Valid()) {
    return errno;
  }
  struct stat status {};
  if (fstat(entry.Get(), &status) != 0) {
    return errno;
  }
  if (S_ISLNK(status.st_mode)) {
    return EOPNOTSUPP;
  }
  const std::string through = "/proc/self/fd/" + std::to_string(entry.Get());
  return chmod(through.c_str(), mode) == 0 ? 0 : errno;
}

int MakeSpecial(int at, const char* name, mode_t mode, dev_t device) {
  return mknodat(at, name, mode, device);
}

}  // namespace syncline
