#pragma once

#include <sys/types.h>

#include <cstdint>

#include "posix/unique_fd.h"

namespace syncline {

// What a system does for a copy by itself. Each of these may be unable to; the content is then copied by
// reading and writing.

// Makes `to`, which is new and empty, a copy of `from` that shares its blocks.
bool ShareBlocks(int from, int to);

// Copies up to `size` bytes at `at` to the same place of the other file. As read(2) has it; ENOSYS where the
// system has no such call.
ssize_t CopyInKernel(int from, int to, uint64_t at, uint64_t size);

// Makes the new file `name` in the directory `at` a copy of `from` that shares its blocks: open for writing,
// ours, mode 0600, and with nothing else of `from` but its times. Invalid where that cannot be; no file is
// left then.
UniqueFd CloneFile(int from, int at, const char* name);

}  // namespace syncline
