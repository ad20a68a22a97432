#include "macos/thread_directory.h"

#include <cerrno>

// Exported by libSystem since 10.12 and in no header; -1 ends it. Chromium relies on it too.
extern "C" int pthread_fchdir_np(int directory);

namespace syncline {

// A descriptor that is none would end what is not begun, and leave the process's own directory in force.
ThreadDirectory::ThreadDirectory(int directory)
    : error_(directory < 0 ? EBADF : (pthread_fchdir_np(directory) == 0 ? 0 : errno)) {}

ThreadDirectory::~ThreadDirectory() {
  if (error_ == 0) {
    const int kept = errno;
    pthread_fchdir_np(-1);
    errno = kept;
  }
}

}  // namespace syncline
