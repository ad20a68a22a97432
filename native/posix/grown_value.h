#pragma once

#include <sys/types.h>

#include <cerrno>
#include <string>

namespace syncline {

// The value of a call that tells its size when it is given no room: calls `read(to, size)` with the room it
// says it needs, again if that grows meanwhile. 0 or an errno.
template <typename Read>
int ReadGrownValue(std::string* value, Read read) {
  for (;;) {
    const ssize_t size = read(nullptr, 0);
    if (size < 0) {
      return errno;
    }
    value->resize(static_cast<size_t>(size));
    if (size == 0) {
      return 0;
    }
    const ssize_t got = read(value->data(), value->size());
    if (got >= 0) {
      value->resize(static_cast<size_t>(got));
      return 0;
    }
    if (errno != ERANGE) {
      return errno;
    }
  }
}

}  // namespace syncline
