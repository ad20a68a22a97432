// Records what FSEvents tells of known operations, as scripts for fixtures/ (event_script.h), to replace the
// reported ones: record_events FOLDER writes a file for each operation. Links with the fake on Linux, where
// it records nothing.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "macos/event_stream.h"

namespace syncline::testing {
namespace {

namespace fs = std::filesystem;

struct Operation {
  const char* name;
  std::function<void(const fs::path&)> prepare;  // before the stream
  std::function<void(const fs::path&)> perform;
};

void Write(const fs::path& path) { std::ofstream(path) << path; }

const std::vector<Operation>& Operations() {
  static const auto kNothing = [](const fs::path& /*root*/) {};
  static const auto kFile = [](const fs::path& root) { Write(root / "a"); };
  static const auto kTree = [](const fs::path& root) {
    fs::create_directories(root / "d/e");
    Write(root / "d/e/f");
  };
  static const std::vector<Operation> kOperations = {
      {"create-file", kNothing, kFile},
      {"modify-file", kFile, kFile},
      {"remove-file", kFile, [](const fs::path& root) { fs::remove(root / "a"); }},
      {"chmod-file", kFile, [](const fs::path& root) { fs::permissions(root / "a", fs::perms::owner_read); }},
      {"make-tree", kNothing, kTree},
      {"remove-tree", kTree, [](const fs::path& root) { fs::remove_all(root / "d"); }},
      {"rename-file", kFile, [](const fs::path& root) { fs::rename(root / "a", root / "b"); }},
      {"rename-chain", kFile,
       [](const fs::path& root) {
         fs::rename(root / "a", root / "b");
         fs::rename(root / "b", root / "c");
       }},
      {"rename-over-a-file",
       [](const fs::path& root) {
         Write(root / "a");
         Write(root / "b");
       },
       [](const fs::path& root) { fs::rename(root / "a", root / "b"); }},
      {"rename-case-only", kFile, [](const fs::path& root) { fs::rename(root / "a", root / "A"); }},
      {"remove-in-another-case", kFile, [](const fs::path& root) { fs::remove(root / "A"); }},
      {"move-directory", kTree, [](const fs::path& root) { fs::rename(root / "d", root / "g"); }},
      {"write-then-move-directory", kTree,
       [](const fs::path& root) {
         Write(root / "d/e/f");
         fs::rename(root / "d", root / "g");
       }},
      {"move-out", kTree,
       [](const fs::path& root) { fs::rename(root / "d", root.parent_path() / "outside"); }},
      {"move-in",
       [](const fs::path& root) {
         fs::create_directory(root.parent_path() / "outside");
         Write(root.parent_path() / "outside/f");
       },
       [](const fs::path& root) { fs::rename(root.parent_path() / "outside", root / "d"); }},
      {"hard-link", kFile, [](const fs::path& root) { fs::create_hard_link(root / "a", root / "b"); }},
      {"composed-name", kNothing, [](const fs::path& root) { Write(root / "\xc3\xa9"); }},
      {"removed-by-the-decomposed-name", [](const fs::path& root) { Write(root / "\xc3\xa9"); },
       [](const fs::path& root) { fs::remove(root / "e\xcc\x81"); }},
      {"long-open-file", kNothing,
       [](const fs::path& root) {
         const int fd = open((root / "a").c_str(), O_CREAT | O_WRONLY, 0600);
         const bool written = write(fd, "x", 1) == 1 && fsync(fd) == 0;
         std::printf("written: %d\n", static_cast<int>(written));
         close(fd);
       }},
  };
  return kOperations;
}

std::string Flags(uint32_t flags) {
  static const char* const kNames[] = {
      "MustScanSubDirs", "UserDropped",   "KernelDropped", "EventIdsWrapped", "HistoryDone",  "RootChanged",
      "Mount",           "Unmount",       "Created",       "Removed",         "InodeMetaMod", "Renamed",
      "Modified",        "FinderInfoMod", "ChangeOwner",   "XattrMod",        "IsFile",       "IsDir",
      "IsSymlink",       "OwnEvent",      "IsHardlink",    "IsLastHardlink",  "Cloned"};
  std::string text;
  for (size_t bit = 0; bit < std::size(kNames); bit++) {
    if ((flags >> bit & 1) != 0) {
      text += (text.empty() ? "" : "|") + std::string(kNames[bit]);
    }
  }
  return text.empty() ? "none" : text;
}

std::string Escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned char>(c));
    text += c > ' ' && c < 0x7f && c != '%' ? std::string(1, c) : std::string(escaped);
  }
  return text;
}

void Record(const Operation& operation, const fs::path& folder) {
  std::string pattern = fs::temp_directory_path() / "syncline-XXXXXX";
  const fs::path base = fs::canonical(mkdtemp(pattern.data()));
  const fs::path root = base / "root";
  fs::create_directory(root);
  operation.prepare(root);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::vector<FsEvent>> callbacks;
  bool armed = false;
  {
    const auto stream = EventStream::Start(root, LatestEventId(), 0.02, [&](std::vector<FsEvent> events) {
      const std::lock_guard lock(mutex);
      for (const FsEvent& event : events) {
        armed = armed || (event.flags & kHistoryDone) != 0;
      }
      callbacks.push_back(std::move(events));
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(15), [&] { return armed; });
    const size_t before = callbacks.size();
    lock.unlock();
    operation.perform(root);
    lock.lock();
    changed.wait_for(lock, std::chrono::seconds(5), [&] { return callbacks.size() > before; });
    // What belongs to it may come in further callbacks.
    changed.wait_for(lock, std::chrono::seconds(1), [] { return false; });
    lock.unlock();
    if (stream != nullptr) {
      stream->Flush();
    }
  }
  utsname system = {};
  uname(&system);
  std::ofstream out(folder / (std::string(operation.name) + ".txt"));
  out << "# recorded: " << system.sysname << ' ' << system.release << ' ' << system.machine << '\n';
  out << "# root " << Escaped(root) << (armed ? "" : ", never armed") << '\n';
  for (const auto& callback : callbacks) {
    out << "batch\n";
    for (const FsEvent& event : callback) {
      out << "event " << event.id << ' ' << event.inode << ' ' << Flags(event.flags) << ' '
          << Escaped(event.path) << '\n';
    }
  }
  out << "# then on the disk:\n";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat status = {};
    lstat(entry.path().c_str(), &status);
    out << "disk " << (S_ISDIR(status.st_mode) ? "directory " : "file ") << status.st_ino << ' '
        << Escaped(entry.path().lexically_relative(root)) << '\n';
  }
  fs::remove_all(base);
}

}  // namespace
}  // namespace syncline::testing

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "use: record_events FOLDER\n");
    return 2;
  }
  std::filesystem::create_directories(arguments[1]);
  for (const auto& operation : syncline::testing::Operations()) {
    std::printf("%s\n", operation.name);
    syncline::testing::Record(operation, arguments[1]);
  }
  return 0;
}
