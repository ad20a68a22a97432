#include "copy/kernel_copy.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace syncline {

bool ShareBlocks(int from, int to) { return ioctl(to, FICLONE, from) == 0; }

ssize_t CopyInKernel(int from, int to, uint64_t at, uint64_t size) {
  auto from_at = static_cast<off_t>(at);
  auto to_at = from_at;
  return copy_file_range(from, &from_at, to, &to_at, size, 0);
}

// What shares blocks here does so with a file that is there already.
UniqueFd CloneFile(int /*from*/, int /*at*/, const char* /*name*/) { return {}; }

}  // namespace syncline
