#include "filter/nested_filters.h"

#include <algorithm>

namespace syncline {
namespace {

bool IsBelow(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

bool Excludes(const NestedFilters::Tree& tree, std::string_view path, bool is_directory) {
  if (path == tree.directory || IsBelow(tree.directory, path)) {
    return false;  // It leads to this tree.
  }
  std::string_view inside = path;
  if (!tree.directory.empty()) {
    if (!IsBelow(path, tree.directory)) {
      return true;
    }
    inside.remove_prefix(tree.directory.size() + 1);
  }
  // A directory above may be left out by these rules and kept for another tree.
  return tree.rules != nullptr && tree.rules->Excludes(inside, is_directory);
}

}  // namespace

bool NestedFilters::ExcludesEntry(std::string_view path, bool is_directory) const {
  return std::all_of(trees_.begin(), trees_.end(),
                     [&](const Tree& tree) { return Excludes(tree, path, is_directory); });
}

}  // namespace syncline
