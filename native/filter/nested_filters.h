#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filter/rule_list.h"
#include "watch/path_filter.h"

namespace syncline {

// The filters of trees of which one holds the others: leaves out what all leave out that have a say about it.
// Immutable, so every thread may ask at the same time.
class NestedFilters final : public PathFilter {
 public:
  struct Tree {
    // Relative to the tree that holds all; empty is that tree itself.
    std::string directory;
    // Null keeps everything.
    std::shared_ptr<const RuleList> rules;
  };

  // One of `trees` must be the one that holds the others.
  explicit NestedFilters(std::vector<Tree> trees) : trees_(std::move(trees)) {}

  bool ExcludesEntry(std::string_view path, bool is_directory) const override;

 private:
  std::vector<Tree> trees_;
};

}  // namespace syncline
