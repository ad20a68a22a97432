#include "linux/root_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

namespace syncline {
namespace {

int Identify(int fd, const char* path, int flags, RootIdentity* identity) {
  struct statx status {};
  if (statx(fd, path, flags | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO | STATX_BTIME, &status) != 0) {
    return errno;
  }
  if (!S_ISDIR(status.stx_mode)) {
    return ENOTDIR;
  }
  *identity = {makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino, 0, 0};
  if ((status.stx_mask & STATX_BTIME) != 0) {
    identity->birth_seconds = status.stx_btime.tv_sec;
    identity->birth_nanoseconds = status.stx_btime.tv_nsec;
  }
  return 0;
}

}  // namespace

int IdentifyDirectory(int fd, RootIdentity* identity) { return Identify(fd, "", AT_EMPTY_PATH, identity); }

int IdentifyDirectory(const std::string& path, RootIdentity* identity) {
  return Identify(AT_FDCWD, path.c_str(), 0, identity);
}

}  // namespace syncline
