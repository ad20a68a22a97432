#include <sys/mount.h>
#include <unistd.h>

#include "watched_directory.h"

// The root going and coming, and file systems mounted in the tree and taken out of it.
namespace syncline::testing {
namespace {

namespace fs = std::filesystem;

std::function<bool(const Record&)> IsRoot(RootState state) {
  return [state](const Record& record) {
    return record.kind == SlotKind::kRoot && record.hints == static_cast<uint8_t>(state);
  };
}

bool IsWholeRescan(const Record& record) {
  return record.kind == SlotKind::kRescan && record.directory.empty();
}

// A mount that ends with its scope.
class Mount {
 public:
  // tmpfs if `from` is empty, otherwise a bind mount of it.
  Mount(const std::string& from, std::string at) : at_(std::move(at)) {
    REQUIRE(mount(from.empty() ? "tmpfs" : from.c_str(), at_.c_str(), from.empty() ? "tmpfs" : nullptr,
                  from.empty() ? 0 : MS_BIND, from.empty() ? "size=1m" : nullptr) == 0);
  }
  ~Mount() { End(); }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  void End() {
    if (!at_.empty()) {
      // Scanners may have it open for a moment.
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      while (umount2(at_.c_str(), UMOUNT_NOFOLLOW) != 0 && errno == EBUSY &&
             std::chrono::steady_clock::now() < deadline) {
        usleep(1000);
      }
      at_.clear();
    }
  }

 private:
  std::string at_;
};

bool MayMount() {
  const TempDirectory at;
  const bool may = mount("tmpfs", at.Path().c_str(), "tmpfs", 0, "size=1m") == 0;
  if (may) {
    umount2(at.Path().c_str(), MNT_DETACH);
  } else {
    MESSAGE("not run: this user may not mount");
  }
  return may;
}

// Barriers until the directories watched are those on the disk.
void CheckWatched(WatchedDirectory* watched, const std::string& root) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (watched->Watch().WatchedPaths() != DirectoriesOnDisk(root) &&
         std::chrono::steady_clock::now() < deadline) {
    watched->UntilBarrier();
  }
  CHECK(watched->Watch().WatchedPaths() == DirectoriesOnDisk(root));
}

}  // namespace

TEST_CASE("a root that is deleted is gone, and another one in its place is not taken for it") {
  const TempDirectory above;
  fs::create_directories(above / "root/a");
  WatchedDirectory watched(above / "root");
  watched.UntilBarrier();
  fs::remove_all(above / "root");
  watched.Until(IsRoot(RootState::kGone));
  watched.UntilBarrier();
  fs::create_directories(above / "root/b");
  watched.Until(IsRoot(RootState::kReplaced));
  watched.UntilBarrier();
  WriteFile(above / "root/b/file");
  CHECK_FALSE(Covers(watched.UntilBarrier(), "b/file"));
}

TEST_CASE("a root that is moved away is gone, and back with all that changed meanwhile") {
  const TempDirectory above;
  fs::create_directories(above / "root/a");
  WatchedDirectory watched(above / "root");
  watched.UntilBarrier();
  fs::rename(above / "root", above / "away");
  watched.Until(IsRoot(RootState::kGone));
  fs::create_directories(above / "away/new/below");
  watched.UntilBarrier();
  fs::create_directories(above / "root");
  watched.Until(IsRoot(RootState::kReplaced));
  watched.UntilBarrier();
  fs::remove(above / "root");
  fs::rename(above / "away", above / "root");
  watched.Until(IsRoot(RootState::kBack));
  watched.Until(IsWholeRescan);
  watched.UntilBarrier();
  CheckWatched(&watched, above / "root");
  WriteFile(above / "root/new/below/file");
  CHECK(Covers(watched.UntilBarrier(), "new/below/file"));
}

TEST_CASE("a directory above the root that is moved away and back takes the root with it") {
  const TempDirectory above;
  fs::create_directories(above / "parent/root/a");
  WatchedDirectory watched(above / "parent/root");
  watched.UntilBarrier();
  fs::rename(above / "parent", above / "other");
  watched.Until(IsRoot(RootState::kGone));
  watched.UntilBarrier();
  fs::rename(above / "other", above / "parent");
  watched.Until(IsRoot(RootState::kBack));
  watched.Until(IsWholeRescan);
  CheckWatched(&watched, above / "parent/root");
}

TEST_CASE("an unmounted root is not there any more, and does not keep its file system busy") {
  if (!MayMount()) {
    return;
  }
  const TempDirectory root;
  Mount mounted({}, root.Path());
  fs::create_directories(root / "a/b");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  mounted.End();
  watched.Until(IsRoot(RootState::kReplaced));
  watched.UntilBarrier();
  const Mount again({}, root.Path());
  fs::create_directories(root / "other");
  watched.UntilBarrier();
}

TEST_CASE("a root whose file system is unmounted and mounted again is back") {
  if (!MayMount()) {
    return;
  }
  const TempDirectory elsewhere;
  const TempDirectory root;
  const Mount source({}, elsewhere.Path());
  fs::create_directories(elsewhere / "a/b");
  Mount bound(elsewhere.Path(), root.Path());
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  bound.End();
  watched.Until(IsRoot(RootState::kReplaced));
  fs::create_directories(elsewhere / "a/new");
  watched.UntilBarrier();
  const Mount again(elsewhere.Path(), root.Path());
  watched.Until(IsRoot(RootState::kBack));
  watched.Until(IsWholeRescan);
  CheckWatched(&watched, root.Path());
}

TEST_CASE(
    "a file system mounted over a directory while it is watched is watched, and what was there again after") {
  if (!MayMount()) {
    return;
  }
  const TempDirectory root;
  fs::create_directories(root / "at me/under/deep");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  {
    const Mount mounted({}, root / "at me");
    CHECK(Covers(watched.UntilBarrier(), "at me/under"));
    fs::create_directories(root / "at me/over/x");
    CHECK(Covers(watched.UntilBarrier(), "at me/over/x"));
    CheckWatched(&watched, root.Path());
  }
  watched.Until([](const Record& record) {
    return record.kind == SlotKind::kRescan && (record.directory.empty() || record.directory == "at me");
  });
  CheckWatched(&watched, root.Path());
  WriteFile(root / "at me/under/deep/file");
  CHECK(Covers(watched.UntilBarrier(), "at me/under/deep/file"));
}

TEST_CASE("a bind mount that comes and goes while it is watched is noticed") {
  if (!MayMount()) {
    return;
  }
  const TempDirectory outside;
  const TempDirectory root;
  fs::create_directories(outside / "in/x");
  fs::create_directories(root / "at/under");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  {
    const Mount bound(outside / "in", root / "at");
    CHECK(Covers(watched.UntilBarrier(), "at"));
    CheckWatched(&watched, root.Path());
    WriteFile(outside / "in/x/file");
    CHECK(Covers(watched.UntilBarrier(), "at/x/file"));
  }
  CHECK(Covers(watched.UntilBarrier(), "at"));
  CheckWatched(&watched, root.Path());
  WriteFile(outside / "in/x/other");
  CHECK_FALSE(Covers(watched.UntilBarrier(), "at/x/other"));
}

TEST_CASE("a directory visible twice is watched by one path, the other is named until it is gone") {
  if (!MayMount()) {
    return;
  }
  const TempDirectory root;
  fs::create_directories(root / "one/below");
  fs::create_directories(root / "two");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  {
    const Mount alias(root / "one", root / "two");
    const std::vector<Record> records = watched.UntilBarrier();
    CHECK(std::any_of(records.begin(), records.end(), [](const Record& record) {
      return record.kind == SlotKind::kCoverage && record.directory == "two" && record.value == EXDEV &&
             record.hints == static_cast<uint8_t>(CoverageState::kBlind);
    }));
    WriteFile(root / "one/below/file");
    CHECK(Covers(watched.UntilBarrier(), "one/below/file"));
  }
  watched.UntilBarrier();
  CheckWatched(&watched, root.Path());
  WriteFile(root / "two/file");
  CHECK(Covers(watched.UntilBarrier(), "two/file"));
}

TEST_CASE("a bind mount of the root into itself ends nowhere") {
  if (!MayMount()) {
    return;
  }
  const TempDirectory root;
  fs::create_directories(root / "loop");
  const Mount bound(root.Path(), root / "loop");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  CHECK(watched.Watch().WatchedPaths() == std::vector<std::string>{""});
}

}  // namespace syncline::testing
