#include "posix/file_lock.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>

namespace syncline {

LockResult TryLockFile(int fd) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(fd, F_SETLK, &lock) == 0) {
    return LockResult::kTaken;
  }
  return errno == EAGAIN || errno == EACCES ? LockResult::kHeldByAnother : LockResult::kFailed;
}

}  // namespace syncline
