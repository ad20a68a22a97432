#include "macos/due_rescans.h"

#include <algorithm>

#include "macos/source_paths.h"
#include "watch/relative_path.h"

namespace syncline {
namespace {

constexpr size_t kMaxScopes = 64;

}  // namespace

void DueRescans::Add(std::string_view directory, RescanReason reason, uint64_t id) {
  for (Scope& scope : scopes_) {
    if (IsWithin(directory, scope.directory)) {
      scope.id = std::min(scope.id, id);
      return;
    }
  }
  Scope added{std::string(directory), reason, id};
  std::erase_if(scopes_, [&](const Scope& scope) {
    const bool covered = IsWithin(scope.directory, directory);
    added.id = covered ? std::min(added.id, scope.id) : added.id;
    return covered;
  });
  scopes_.push_back(std::move(added));
  if (scopes_.size() > kMaxScopes) {
    Add({}, reason, id);
  }
}

std::vector<DueRescans::Scope> DueRescans::Take(int64_t now_ms, bool in_any_case) {
  const std::optional<int64_t> due = DueMs();
  if (!due || (now_ms < *due && !in_any_case)) {
    return {};
  }
  last_taken_ms_ = now_ms;
  std::vector<Scope> taken;
  taken.swap(scopes_);
  std::sort(taken.begin(), taken.end(),
            [](const Scope& a, const Scope& b) { return a.directory < b.directory; });
  return taken;
}

std::optional<int64_t> DueRescans::DueMs() const {
  if (scopes_.empty()) {
    return std::nullopt;
  }
  return last_taken_ms_ ? *last_taken_ms_ + kSpacingMs : 0;
}

std::optional<uint64_t> DueRescans::LowestId() const {
  std::optional<uint64_t> lowest;
  for (const Scope& scope : scopes_) {
    lowest = std::min(lowest.value_or(scope.id), scope.id);
  }
  return lowest;
}

}  // namespace syncline
