#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "filter/rule_list.h"

namespace syncline {

struct Selection {
  enum class Kind : uint8_t { kUnchanged, kReduced, kMalformed };
  Kind kind;
  // The batch that is left, for kReduced; it may hold no slot at all.
  std::vector<uint8_t> batch;
};

// Takes out of an event batch what `rules` exclude, in order and with its sequence number:
// - a change or a rescan of what is excluded is dropped;
// - a move out of sight becomes a change of the old name (deleted), a move into sight a change of the new
//   name (modified) and, for a directory, a rescan of it;
// - a move of a directory that stays in sight gets a rescan too when a rule looks at whole paths, because
// what is
//   excluded below it may be something else now;
// - a change that made a directory of what had been something else, where only the directory is excluded,
// becomes a
//   rescan of the directory that holds it, because the old thing has to go;
// - coverage, root and barrier pass.
Selection SelectBatch(const RuleList& rules, std::span<const uint8_t> batch);

}  // namespace syncline
