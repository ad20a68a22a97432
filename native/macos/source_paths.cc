#include "macos/source_paths.h"

#include <utility>

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

std::string_view DirectoryOf(std::string_view relative) {
  const size_t slash = relative.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : relative.substr(0, slash);
}

std::string_view NameOf(std::string_view relative) {
  const size_t slash = relative.rfind('/');
  return slash == std::string_view::npos ? relative : relative.substr(slash + 1);
}

bool IsWithin(std::string_view path, std::string_view directory) {
  return directory.empty() || path == directory ||
         (path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/');
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && !name.empty()) {
    path += '/';
  }
  return path += name;
}

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
  return JoinPath(RespellDirectory(DirectoryOf(relative)), NameOf(relative));
}

std::string SourcePaths::RespellDirectory(std::string_view relative) {
  if (relative.empty()) {
    return {};
  }
  const std::string key(relative);
  if (const auto known = spelled_.find(key); known != spelled_.end()) {
    return known->second;
  }
  std::string path = JoinPath(RespellDirectory(DirectoryOf(relative)), NameOf(relative));
  if (disk_->MayBeRespelled(NameOf(relative))) {
    const DiskEntry entry = disk_->LookAt(Absolute(path));
    if (entry.error == 0 && !entry.name.empty()) {
      path = JoinPath(DirectoryOf(path), entry.name);
    }
  }
  return spelled_[key] = path;
}

}  // namespace syncline
