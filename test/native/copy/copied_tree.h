#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attribute_access.h"
#include "copy/tree_delivery.h"
#include "filter/rule_list.h"

namespace syncline::test {

// A source and a target directory of their own, removed at the end.
class CopiedTree {
 public:
  CopiedTree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "syncline-copy-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
    for (const char* name : {"source", "target"}) {
      std::filesystem::create_directory(path_ / name);
    }
  }
  ~CopiedTree() { std::filesystem::remove_all(path_); }
  CopiedTree(const CopiedTree&) = delete;
  CopiedTree& operator=(const CopiedTree&) = delete;

  std::filesystem::path At(const std::string& name) const { return path_ / name; }

  // A file below the parent of both roots, its directories included.
  void Write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(At(name).parent_path());
    std::ofstream(At(name), std::ios::binary) << content;
  }

  std::string Read(const std::string& name) const {
    std::ifstream file(At(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  bool Exists(const std::string& name) const {
    return std::filesystem::exists(std::filesystem::symlink_status(At(name)));
  }

  ino_t InodeOf(const std::string& name) const {
    struct stat status {};
    lstat(At(name).c_str(), &status);
    return status.st_ino;
  }

  // '' for none.
  std::string XattrOf(const std::string& name, const char* attribute) const {
    return GetXattr(At(name).string(), attribute);
  }

  // Names that any level of `name` holds, by count.
  size_t Count(const std::string& name) const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::recursive_directory_iterator(At(name))) {
      ++count;
    }
    return count;
  }

  DeliveryRequest Request() const {
    DeliveryRequest request;
    request.source = RootAt("source");
    request.target = RootAt("target");
    request.hidden = request.kept = request.kept_in_deleted =
        std::make_shared<const RuleList>(std::vector<FilterRule>());
    request.threads = 3;
    return request;
  }

  TreeRoot RootAt(const std::string& name) const {
    struct stat status {};
    stat(At(name).c_str(), &status);
    return {At(name).string(), static_cast<uint64_t>(status.st_dev), status.st_ino};
  }

 private:
  std::filesystem::path path_;
};

// What a delivery told.
struct Delivered {
  std::vector<DeliveryRecord> records;
  DeliveryFailure failure;

  std::vector<std::string> Paths(DeliveryRecord::Kind kind) const {
    std::vector<std::string> paths;
    for (const DeliveryRecord& record : records) {
      if (record.kind == kind) {
        paths.push_back(record.path);
      }
    }
    return paths;
  }
};

inline Delivered Deliver(const DeliveryRequest& request) {
  DeliveryReport report([] {});
  DeliverTree(request, &report);
  return {report.Take(SIZE_MAX), report.Failure()};
}

inline Delivered DeliverAll(DeliveryRequest request) {
  request.subtrees = {""};
  return Deliver(request);
}

}  // namespace syncline::test
