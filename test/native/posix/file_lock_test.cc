#include "posix/file_lock.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "posix/unique_fd.h"

namespace syncline {
namespace {

// What another process is told about the lock of `path`.
int AskInAnotherProcess(const char* path) {
  const pid_t child = fork();
  if (child == 0) {
    const UniqueFd fd(open(path, O_RDWR | O_CLOEXEC));
    _exit(static_cast<int>(TryLockFile(fd.Get())));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST_CASE("a locked file is refused to another process until it is closed") {
  char path[] = "/tmp/syncline-lock-XXXXXX";
  UniqueFd fd(mkstemp(path));
  REQUIRE(fd.Valid());
  CHECK(TryLockFile(fd.Get()) == LockResult::kTaken);
  CHECK(AskInAnotherProcess(path) == static_cast<int>(LockResult::kHeldByAnother));
  fd.Reset(-1);
  CHECK(AskInAnotherProcess(path) == static_cast<int>(LockResult::kTaken));
  unlink(path);
}

TEST_CASE("what is no file cannot be locked, and errno says why") {
  errno = 0;
  CHECK(TryLockFile(-1) == LockResult::kFailed);
  CHECK(errno == EBADF);
}

}  // namespace
}  // namespace syncline
