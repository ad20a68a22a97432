#pragma once

#include <cstdint>
#include <functional>

namespace syncline {

// How a copy of a file's content ended.
struct ContentsResult {
  // 0 or an errno; ECANCELED when `on_bytes` said so.
  int error = 0;
  // Where `error` comes from.
  bool reading = false;
};

// Copies up to `size` bytes of the regular file `from` into the new, empty file `to`, holes kept, by sharing
// blocks where the file systems can. `on_bytes` is told of every part and returns false to stop. A file that
// is shorter by now gives what there is. Reads from the beginning, whatever the descriptors' places.
ContentsResult CopyContents(int from, int to, uint64_t size, bool maybe_sparse,
                            const std::function<bool(uint64_t)>& on_bytes);

}  // namespace syncline
