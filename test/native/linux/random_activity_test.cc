#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "watched_directory.h"

// Random activity by several threads; afterwards the table holds the directories of the disk, and the records
// name everything that differs. SYNCLINE_SEED repeats one run, SYNCLINE_RUNS makes more.
namespace syncline::testing {
namespace {

namespace fs = std::filesystem;

class RandomActivity {
 public:
  RandomActivity(std::string root, std::string outside, uint32_t seed)
      : root_(std::move(root)), outside_(std::move(outside)), random_(seed), serial_(seed) {}

  void Step() {
    const std::string a = RandomPath(root_);
    const std::string b = RandomPath(root_);
    std::error_code ignored;
    switch (Below(14)) {
      case 0:
      case 1:
      case 2:
        fs::create_directories(a, ignored);
        break;
      case 3:
      case 4:
        WriteFile(a, std::to_string(serial_++));
        break;
      case 5:
        fs::remove_all(a, ignored);
        break;
      case 6:
      case 7:
      case 8:
      case 9:
        rename(a.c_str(), b.c_str());
        break;
      case 10:
        renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
        break;
      case 11:
        rename(a.c_str(), RandomPath(outside_).c_str());
        break;
      case 12:
        rename(RandomPath(outside_).c_str(), a.c_str());
        break;
      default:
        rmdir(a.c_str());
        break;
    }
  }

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  std::string RandomPath(const std::string& root) {
    std::string path = root;
    for (uint32_t depth = 1 + Below(4); depth > 0; depth--) {
      path += '/';
      path += static_cast<char>('a' + Below(4));
    }
    return path;
  }

  const std::string root_;
  const std::string outside_;
  std::mt19937 random_;
  uint64_t serial_;
};

// Path to what is there: type, inode, size and change time.
std::map<std::string, std::string> Snapshot(const std::string& root) {
  std::map<std::string, std::string> entries;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat status {};
    if (lstat(entry.path().c_str(), &status) == 0) {
      const bool is_directory = S_ISDIR(status.st_mode);
      entries[entry.path().string().substr(root.size() + 1)] =
          std::to_string(status.st_ino) + (is_directory ? "d" : "f") +
          (is_directory ? "" : std::to_string(status.st_size) + "." + std::to_string(status.st_mtim.tv_nsec));
    }
  }
  return entries;
}

std::string Joined(const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) {
    text += path + "\n";
  }
  return text;
}

// The records that concern `path` or what is above it, one a line.
std::string Concerning(const std::vector<Record>& records, const std::string& path) {
  std::string text;
  for (const Record& record : records) {
    const std::string at = record.Path();
    if (at.empty() || path == at || path.starts_with(at + "/") || at.starts_with(path + "/")) {
      text += "\n  kind " + std::to_string(static_cast<int>(record.kind)) + " hints " +
              std::to_string(record.hints) + " " + at;
    }
  }
  return text;
}

void CheckRun(uint32_t seed) {
  INFO("SYNCLINE_SEED=", seed);
  const TempDirectory root;
  const TempDirectory outside;
  {
    RandomActivity before(root.Path(), outside.Path(), seed);
    for (int i = 0; i < 100; i++) {
      before.Step();
    }
  }
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  for (int round = 0; round < 3; round++) {
    const auto before = Snapshot(root.Path());
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < 3; t++) {
      threads.emplace_back([&, t] {
        RandomActivity activity(root.Path(), outside.Path(),
                                seed * 31 + t + static_cast<uint32_t>(round) * 7);
        for (int i = 0; i < 300; i++) {
          activity.Step();
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    const std::vector<Record> records = watched.UntilBarrier();
    const auto after = Snapshot(root.Path());
    REQUIRE(Joined(watched.Watch().WatchedPaths()) == Joined(DirectoriesOnDisk(root.Path())));
    for (const auto& entry : after) {
      const std::string& path = entry.first;
      const auto& state = entry.second;
      const auto was = before.find(path);
      if (was == before.end() || was->second != state) {
        REQUIRE_MESSAGE(Covers(records, path), "changed: ", path, Concerning(records, path));
      }
    }
    for (const auto& entry : before) {
      const std::string& path = entry.first;
      const std::string top = [&] {
        std::string at = path;
        while (at.find('/') != std::string::npos && !after.contains(at.substr(0, at.rfind('/')))) {
          at = at.substr(0, at.rfind('/'));
        }
        return at;
      }();
      if (!after.contains(path)) {
        REQUIRE_MESSAGE(Covers(records, top), "gone: ", top, Concerning(records, top));
      }
    }
  }
}

}  // namespace

TEST_CASE("random activity of three threads is seen whole") {
  const char* seed = std::getenv("SYNCLINE_SEED");  // NOLINT(concurrency-mt-unsafe): nothing sets variables
  const char* runs = std::getenv("SYNCLINE_RUNS");  // NOLINT(concurrency-mt-unsafe)
  if (seed != nullptr) {
    CheckRun(static_cast<uint32_t>(std::atoi(seed)));
    return;
  }
  for (int i = 0; i < (runs != nullptr ? std::atoi(runs) : 5); i++) {
    CheckRun(std::random_device()());
  }
}

}  // namespace syncline::testing
