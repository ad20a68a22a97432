#pragma once

#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "macos/disk.h"

namespace syncline::testing {

// A file, a directory or whatever has an inode. Two files of equal `stamp` look the same by size and time.
struct SimulatedInode {
  uint64_t number = 0;
  bool is_directory = false;
  std::string content;
  uint64_t stamp = 0;
  int mode = 0;
  std::map<std::string, std::shared_ptr<SimulatedInode>> children;
};
using InodePtr = std::shared_ptr<SimulatedInode>;

// Lower case, and one letter of which a decomposed form is known (U+00E9): enough to tell whether code is
// aware.
inline std::string Folded(std::string_view name, bool case_sensitive) {
  std::string folded;
  for (size_t i = 0; i < name.size(); i++) {
    if (name.substr(i, 3) == "e\xcc\x81") {
      folded += "\xc3\xa9";
      i += 2;
    } else {
      const char c = name[i];
      folded += !case_sensitive && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return folded;
}

inline std::vector<std::string> PartsOf(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) {
      parts.emplace_back(path.substr(0, slash));
    }
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

// A volume as macOS has them: names keep their spelling, and are found by another normalization and, unless
// it is case-sensitive, by another case.
class SimulatedDisk final : public Disk {
 public:
  explicit SimulatedDisk(std::string root, bool case_sensitive = true)
      : root_(std::move(root)), case_sensitive_(case_sensitive), top_(NewInode(true)) {}

  DiskEntry LookAt(const std::string& path) override {
    DiskEntry entry;
    if (path != root_ && !path.starts_with(root_ + "/")) {
      entry.error = ENOENT;
      return entry;
    }
    const std::vector<std::string> parts = PartsOf(std::string_view(path).substr(root_.size()));
    InodePtr at = top_;
    for (const std::string& part : parts) {
      if (!at->is_directory) {
        entry.error = ENOTDIR;
        return entry;
      }
      const auto child = FindChild(at, part);
      if (child == at->children.end()) {
        entry.error = ENOENT;
        return entry;
      }
      entry.name = child->first;
      at = child->second;
    }
    entry.inode = at->number;
    entry.is_directory = at->is_directory;
    return entry;
  }
  int Identify(const std::string& /*path*/, RootIdentity* identity) override {
    *identity = this->identity;
    return identify_error;
  }
  bool MayBeRespelled(std::string_view name) const override {
    for (const char c : name) {
      if ((c & 0x80) != 0 || (!case_sensitive_ && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))) {
        return true;
      }
    }
    return false;
  }

  InodePtr NewInode(bool is_directory) {
    auto inode = std::make_shared<SimulatedInode>();
    inode->number = ++last_inode_;
    inode->is_directory = is_directory;
    return inode;
  }
  // What is at a path relative to the root; null if nothing is.
  InodePtr At(std::string_view relative) const {
    InodePtr at = top_;
    for (const std::string& part : PartsOf(relative)) {
      if (!at->is_directory) {
        return nullptr;
      }
      const auto child = FindChild(at, part);
      if (child == at->children.end()) {
        return nullptr;
      }
      at = child->second;
    }
    return at;
  }
  // The path with every name as its directory spells it; as it is from the first name on that is not there.
  std::string Spelled(std::string_view relative) const {
    std::string spelled;
    InodePtr at = top_;
    for (const std::string& part : PartsOf(relative)) {
      spelled += spelled.empty() ? "" : "/";
      if (at != nullptr && at->is_directory) {
        const auto child = FindChild(at, part);
        const bool found = child != at->children.end();
        spelled += found ? child->first : part;
        at = found ? child->second : nullptr;
      } else {
        spelled += part;
        at = nullptr;
      }
    }
    return spelled;
  }
  std::map<std::string, InodePtr>::iterator FindChild(const InodePtr& directory,
                                                      std::string_view name) const {
    const auto exact = directory->children.find(std::string(name));
    if (exact != directory->children.end()) {
      return exact;
    }
    const std::string folded = Folded(name, case_sensitive_);
    auto at = directory->children.begin();
    while (at != directory->children.end() && Folded(at->first, case_sensitive_) != folded) {
      ++at;
    }
    return at;
  }
  const InodePtr& Top() const { return top_; }
  const std::string& Root() const { return root_; }

  RootIdentity identity = {1, 1, 1, 1};
  int identify_error = 0;

 private:
  const std::string root_;
  const bool case_sensitive_;
  uint64_t last_inode_ = 0;
  const InodePtr top_;
};

}  // namespace syncline::testing
