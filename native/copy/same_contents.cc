#include "copy/same_contents.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace syncline {
namespace {

constexpr size_t kPartBytes = 256UL * 1024;

// Reads `size` bytes at `at`, or less only at the end of the file or for an error.
size_t ReadPart(int file, char* to, size_t size, uint64_t at) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(file, to + done, size - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      break;
    }
    done += static_cast<size_t>(got);
  }
  return done;
}

}  // namespace

bool HasSameContents(int a, int b, uint64_t size, const std::function<bool()>& go_on) {
  thread_local const std::unique_ptr<char[]> parts = std::make_unique_for_overwrite<char[]>(2 * kPartBytes);
  char* const first = parts.get();
  char* const second = first + kPartBytes;
  for (uint64_t at = 0; at < size;) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(size - at, kPartBytes));
    if (!go_on() || ReadPart(a, first, part, at) != part || ReadPart(b, second, part, at) != part ||
        std::memcmp(first, second, part) != 0) {
      return false;
    }
    at += part;
  }
  return true;
}

}  // namespace syncline
