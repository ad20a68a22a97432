#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watch/event_batch.h"

namespace syncline {

// Directories to be rescanned, some time apart from the last ones: a rescan makes load, and load makes
// FSEvents drop more. The first is due at once. None lies inside another; above a number they become the
// whole tree. Not thread-safe.
class DueRescans {
 public:
  static constexpr int64_t kSpacingMs = 10000;

  struct Scope {
    std::string directory;  // relative
    RescanReason reason;
    uint64_t id;  // no change that the rescan is to find has a lower one
  };

  void Add(std::string_view directory, RescanReason reason, uint64_t id);
  // All of them, sorted by path, if they are due or `in_any_case`.
  std::vector<Scope> Take(int64_t now_ms, bool in_any_case);
  bool Empty() const { return scopes_.empty(); }
  void Clear() { scopes_.clear(); }
  // When they are due; nothing if there are none.
  std::optional<int64_t> DueMs() const;
  std::optional<uint64_t> LowestId() const;

 private:
  std::vector<Scope> scopes_;
  std::optional<int64_t> last_taken_ms_;
};

}  // namespace syncline
