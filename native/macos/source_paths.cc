#include "macos/source_paths.h"

#include <utility>

#include "watch/relative_path.h"

namespace syncline {
namespace {

std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

// Sets `relative` if `path` is below the absolute directory `root`.
bool StripRoot(std::string_view path, std::string_view root, std::string* relative) {
  const size_t above = root == "/" ? 0 : root.size();
  if (path.size() <= above + 1 || path.substr(0, above) != root.substr(0, above) || path[above] != '/') {
    return false;
  }
  relative->assign(path.substr(above + 1));
  return true;
}

}  // namespace

SourcePaths::SourcePaths(std::string root, std::string canonical_root, Disk* disk)
    : root_(WithoutTrailingSlashes(std::move(root))),
      canonical_root_(WithoutTrailingSlashes(std::move(canonical_root))),
      disk_(disk) {}

SourcePaths::Place SourcePaths::Locate(std::string_view path, std::string* relative) const {
  while (path.size() > 1 && path.back() == '/') {
    path.remove_suffix(1);
  }
  for (const std::string* root : {&canonical_root_, &root_}) {
    if (StripRoot(path, *root, relative)) {
      return Place::kInside;
    }
    if (path == "/" || path == *root ||
        (root->size() > path.size() && root->starts_with(path) && (*root)[path.size()] == '/')) {
      return Place::kRootOrAbove;
    }
  }
  return Place::kElsewhere;
}

std::string SourcePaths::Absolute(std::string_view relative) const {
  if (relative.empty()) {
    return canonical_root_;
  }
  return (canonical_root_ == "/" ? std::string() : canonical_root_) + '/' + std::string(relative);
}

std::string SourcePaths::Respell(std::string_view relative) {
  return JoinPath(RespellDirectory(ParentPath(relative)), BaseName(relative));
}

std::string SourcePaths::RespellDirectory(std::string_view relative) {
  if (relative.empty()) {
    return {};
  }
  const std::string key(relative);
  if (const auto known = spelled_.find(key); known != spelled_.end()) {
    return known->second;
  }
  std::string path = JoinPath(RespellDirectory(ParentPath(relative)), BaseName(relative));
  if (disk_->MayBeRespelled(BaseName(relative))) {
    const DiskEntry entry = disk_->LookAt(Absolute(path));
    if (entry.error == 0 && !entry.name.empty()) {
      path = JoinPath(ParentPath(path), entry.name);
    }
  }
  return spelled_[key] = path;
}

}  // namespace syncline
