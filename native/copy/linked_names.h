#pragma once

#include <sys/stat.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace syncline {

// Names of one file, as a delivery meets them. Every method may be called from any thread.
class LinkedNames {
 public:
  // A name to be linked to the first one of its file, when that has been delivered.
  struct Later {
    std::string path;
    std::string first;
  };

  // True when the name is the first one of its file, and has to be delivered. Others are kept for later.
  bool IsFirst(const struct stat& file, const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = first_.try_emplace({file.st_dev, file.st_ino}, path);
    if (!is_new && found->second != path) {
      later_.push_back({path, found->second});
    }
    return is_new || found->second == path;
  }

  std::vector<Later> TakeLater() {
    const std::lock_guard lock(mutex_);
    return std::exchange(later_, {});
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<dev_t, ino_t>, std::string> first_;
  std::vector<Later> later_;
};

}  // namespace syncline
