#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "../watch/read_records.h"
#include "linux/inotify_backend.h"

namespace syncline::testing {

// A directory of its own below TMPDIR, removed at the end.
class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "syncline-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& Path() const { return path_; }
  std::string operator/(const std::string& name) const {
    std::string path = path_;
    path += '/';
    return path += name;
  }

 private:
  std::string path_;
};

// A running backend whose records are collected until a barrier.
class WatchedDirectory {
 public:
  explicit WatchedDirectory(const std::string& root, KernelCalls* calls = nullptr, WatchOptions options = {})
      : backend_(calls) {
    options.root = root;
    options.scan_threads = options.scan_threads == 0 ? 3 : options.scan_threads;
    const WatchError error = backend_.Start(options, [this] { Ring(); });
    REQUIRE(error.error == 0);
  }
  ~WatchedDirectory() { backend_.Stop(); }
  WatchedDirectory(const WatchedDirectory&) = delete;
  WatchedDirectory& operator=(const WatchedDirectory&) = delete;

  // All records since the last call, up to the barrier that is asked for now.
  std::vector<Record> UntilBarrier() {
    const uint32_t token = ++last_token_;
    backend_.Barrier(token);
    std::vector<Record> records;
    UntilSeen(&records, [token](const Record& record) {
      return record.kind == SlotKind::kBarrier && record.value == token;
    });
    return records;
  }
  // All records until one satisfies `wanted`; fails after the deadline.
  std::vector<Record> Until(const std::function<bool(const Record&)>& wanted) {
    std::vector<Record> records;
    UntilSeen(&records, wanted);
    return records;
  }

  InotifyBackend& Watch() { return backend_; }

 private:
  void Ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    bell_.notify_all();
  }
  void UntilSeen(std::vector<Record>* records, const std::function<bool(const Record&)>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (;;) {
      for (Record& record : ReadRecords(backend_.Take())) {
        left_.push_back(std::move(record));
      }
      while (!left_.empty()) {
        records->push_back(std::move(left_.front()));
        left_.pop_front();
        if (wanted(records->back())) {
          return;
        }
      }
      std::unique_lock lock(mutex_);
      const bool rung = bell_.wait_until(lock, deadline, [this] { return rung_; });
      REQUIRE_MESSAGE(rung, "no such record came");
      rung_ = false;
    }
  }

  std::mutex mutex_;
  std::condition_variable bell_;
  bool rung_ = false;
  uint32_t last_token_ = 0;
  std::deque<Record> left_;
  InotifyBackend backend_;
};

// The directories below `root` as they are on the disk, sorted, '' first.
inline std::vector<std::string> DirectoriesOnDisk(const std::string& root) {
  std::vector<std::string> paths = {""};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.is_directory() && !entry.is_symlink()) {
      paths.push_back(entry.path().string().substr(root.size() + 1));
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// True when the records tell to look at `path`: itself, a subtree it is in, or a directory above it that
// moved, went or was made anew (which the pipeline compares with all below it).
inline bool Covers(const std::vector<Record>& records, const std::string& path) {
  const auto within = [&path](const std::string& above) {
    return above.empty() || path == above || (path.starts_with(above) && path[above.size()] == '/');
  };
  for (const Record& record : records) {
    const bool subtree = record.kind == SlotKind::kRescan
                             ? within(record.directory)
                             : (record.kind == SlotKind::kMovedFrom || record.kind == SlotKind::kMovedTo) &&
                                   within(record.Path());
    const bool anew = record.kind == SlotKind::kChanged && (record.hints & kIsDirectory) != 0 &&
                      (record.hints & (kModified | kDeleted)) != 0 && within(record.Path());
    if (subtree || anew || (record.kind == SlotKind::kChanged && record.Path() == path)) {
      return true;
    }
  }
  return false;
}

// `prefix` and a number, for names.
inline std::string Numbered(std::string prefix, size_t number) {
  prefix += std::to_string(number);
  return prefix;
}

inline void WriteFile(const std::string& path, const std::string& text = "x") { std::ofstream(path) << text; }

}  // namespace syncline::testing
