#include "copy/file_contents.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "copy/kernel_copy.h"

namespace syncline {
namespace {

constexpr uint64_t kSmallBytes = 64ULL * 1024;
constexpr uint64_t kBufferBytes = 256ULL * 1024;
constexpr uint64_t kPartBytes = 8ULL * 1024 * 1024;

char* Buffer() {
  thread_local std::vector<char> buffer(kBufferBytes);
  return buffer.data();
}

// The part [at, end) of one file into the same place of another.
class RangeCopy {
 public:
  // `in_kernel` false: the file is so small that one read and one write are quicker.
  RangeCopy(int from, int to, const std::function<bool(uint64_t)>& on_bytes, bool in_kernel)
      : from_(from), to_(to), on_bytes_(on_bytes), in_kernel_(in_kernel) {}

  // Sets `*at` to where the data ended.
  ContentsResult Copy(uint64_t* at, uint64_t end) {
    while (*at < end) {
      const uint64_t want = std::min(end - *at, in_kernel_ ? kPartBytes : kBufferBytes);
      ContentsResult result;
      const uint64_t before = *at;
      if (!in_kernel_ || !CopyByKernel(at, want, &result)) {
        result = CopyThroughBuffer(at, std::min(want, kBufferBytes));
      }
      if (result.error != 0 || *at == before) {
        return result;
      }
      if (!on_bytes_(*at - before)) {
        return {ECANCELED};
      }
    }
    return {};
  }

 private:
  // False when the kernel cannot do it for these files, or gave no data: reading tells why.
  bool CopyByKernel(uint64_t* at, uint64_t want, ContentsResult* result) {
    const ssize_t copied = CopyInKernel(from_, to_, *at, want);
    if (copied > 0) {
      *at += static_cast<uint64_t>(copied);
      return true;
    }
    if (copied < 0 && (errno == ENOSPC || errno == EDQUOT)) {
      *result = {errno};
      return true;
    }
    in_kernel_ = false;
    return false;
  }

  ContentsResult CopyThroughBuffer(uint64_t* at, uint64_t want) {
    const ssize_t got = pread(from_, Buffer(), want, static_cast<off_t>(*at));
    if (got < 0) {
      return errno == EINTR ? CopyThroughBuffer(at, want) : ContentsResult{errno, true};
    }
    for (ssize_t written = 0; written < got;) {
      const ssize_t more = pwrite(to_, Buffer() + written, static_cast<size_t>(got - written),
                                  static_cast<off_t>(*at) + written);
      if (more < 0 && errno != EINTR) {
        return {errno};
      }
      written += std::max<ssize_t>(more, 0);
    }
    *at += static_cast<uint64_t>(got);
    return {};
  }

  const int from_;
  const int to_;
  const std::function<bool(uint64_t)>& on_bytes_;
  bool in_kernel_;
};

}  // namespace

ContentsResult CopyContents(int from, int to, uint64_t size, bool maybe_sparse,
                            const std::function<bool(uint64_t)>& on_bytes) {
  uint64_t at = 0;
  RangeCopy range(from, to, on_bytes, size > kSmallBytes);
  if (size <= kSmallBytes) {
    return range.Copy(&at, size);
  }
  if (ShareBlocks(from, to)) {
    return on_bytes(size) ? ContentsResult{} : ContentsResult{ECANCELED};
  }
  while (at < size) {
    uint64_t end = size;
    if (maybe_sparse) {
      const off_t data = lseek(from, static_cast<off_t>(at), SEEK_DATA);
      if (data < 0 && errno == ENXIO) {
        break;
      }
      if (data < 0) {
        maybe_sparse = false;
        continue;
      }
      at = std::min(static_cast<uint64_t>(data), size);
      const off_t hole = lseek(from, data, SEEK_HOLE);
      end = hole < 0 ? size : std::min(static_cast<uint64_t>(hole), size);
    }
    const uint64_t before = at;
    const ContentsResult result = range.Copy(&at, end);
    if (result.error != 0) {
      return result;
    }
    // Shorter than it was: the caller sees that by its new size.
    if (at == before || at < end) {
      break;
    }
  }
  // The hole at the end.
  return ftruncate(to, static_cast<off_t>(size)) == 0 ? ContentsResult{} : ContentsResult{errno};
}

}  // namespace syncline
