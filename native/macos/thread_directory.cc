#include "macos/thread_directory.h"

#include <cerrno>

// Exported by libSystem since 10.12 and in no header; -1 ends it. Chromium relies on it too.
extern "C" int pthread_fchdir_np(int directory);

namespace syncline {

ThreadDirectory::ThreadDirectory(int directory) : error_(pthread_fchdir_np(directory) == 0 ? 0 : errno) {}

ThreadDirectory::~ThreadDirectory() {
  if (error_ == 0) {
    const int kept = errno;
    pthread_fchdir_np(-1);
    errno = kept;
  }
}

}  // namespace syncline
