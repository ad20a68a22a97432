#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "faulty_kernel.h"
#include "watched_directory.h"

// What the watch tells of one kind of change each, on a real directory; and that the same directories are
// watched afterwards as are on the disk.
namespace syncline::testing {
namespace {

namespace fs = std::filesystem;

void CheckChange(const std::function<void(const TempDirectory&)>& prepare,
                 const std::function<void(const TempDirectory&)>& change,
                 const std::vector<std::string>& expected) {
  const TempDirectory root;
  prepare(root);
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  change(root);
  const std::vector<Record> records = watched.UntilBarrier();
  for (const std::string& path : expected) {
    CHECK_MESSAGE(Covers(records, path), path);
  }
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
}

void Nothing(const TempDirectory& /*root*/) {}

bool HasMove(const std::vector<Record>& records, const std::string& from, const std::string& to) {
  for (size_t i = 0; i + 1 < records.size(); i++) {
    if (records[i].kind == SlotKind::kMovedFrom && records[i].Path() == from && records[i + 1].Path() == to) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("mkdir -p fifty deep with a file at the end is seen whole") {
  std::string path;
  for (int i = 0; i < 50; i++) {
    path += Numbered(i == 0 ? "d" : "/d", i);
  }
  CheckChange(Nothing,
              [&](const TempDirectory& root) {
                fs::create_directories(root / path);
                WriteFile(root / (path + "/file"));
              },
              {"d0", "d0/d1", path, path + "/file"});
}

TEST_CASE("a tree that is unpacked is seen whole") {
  std::vector<std::string> expected;
  for (int i = 0; i < 20; i++) {
    for (int j = 0; j < 20; j++) {
      expected.push_back(Numbered("t", i) + Numbered("/u", j) + "/file");
    }
  }
  CheckChange(
      Nothing,
      [&](const TempDirectory& root) {
        for (const std::string& file : expected) {
          fs::create_directories(fs::path(root / file).parent_path());
          WriteFile(root / file);
        }
      },
      expected);
}

TEST_CASE(
    "a directory that its creation and a listing both lead to is reported whole, whichever scan is first") {
  const TempDirectory root;
  const std::string directory = root / "a";
  Gate listing;
  Gate busy;
  Gate first;
  std::atomic<int> opened = 0;
  FaultyKernel kernel;
  kernel.before_list = [&](const std::string& path) {
    if (path == directory) {
      listing.Pass();
    }
    return 0;
  };
  kernel.before_open = [&](const std::string& path) {
    if (path == root / "busy") {
      busy.Pass();
    } else if (path == directory + "/below" && opened++ == 0) {
      first.Pass();
    }
    return 0;
  };
  WatchOptions options;
  options.scan_threads = 2;
  WatchedDirectory watched(root.Path(), &kernel, options);
  watched.UntilBarrier();
  for (Gate* gate : {&listing, &busy, &first}) {
    gate->Close();
  }
  fs::create_directories(directory);
  REQUIRE(listing.UntilSomebodyWaits());
  fs::create_directories(root / "busy");
  REQUIRE(busy.UntilSomebodyWaits());
  fs::create_directories(directory + "/below");
  WriteFile(directory + "/below/file");
  // Both scans of it are queued when one thread comes to it and is held up, and the other thread is free.
  std::vector<Record> records = watched.Until(
      [](const Record& record) { return record.kind == SlotKind::kChanged && record.Path() == "a/below"; });
  listing.Open();
  REQUIRE(first.UntilSomebodyWaits());
  busy.Open();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (opened < 2 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  REQUIRE(opened == 2);
  first.Open();
  for (Record& record : watched.UntilBarrier()) {
    records.push_back(std::move(record));
  }
  CHECK(Covers(records, "a/below/file"));
}

TEST_CASE("a tree moved in is watched and to be compared") {
  const TempDirectory outside;
  fs::create_directories(outside / "tree/a/b");
  WriteFile(outside / "tree/a/b/file");
  CheckChange(Nothing, [&](const TempDirectory& root) { fs::rename(outside / "tree", root / "in"); },
              {"in/a/b/file"});
}

TEST_CASE("a tree moved out is not watched any more") {
  const TempDirectory outside;
  const TempDirectory root;
  fs::create_directories(root / "tree/a/b");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  fs::rename(root / "tree", outside / "tree");
  CHECK(Covers(watched.UntilBarrier(), "tree"));
  WriteFile(outside / "tree/a/b/file");
  for (const Record& record : watched.UntilBarrier()) {
    CHECK(record.kind == SlotKind::kBarrier);
  }
  CHECK(watched.Watch().WatchedPaths() == std::vector<std::string>{""});
}

TEST_CASE("what changes in a directory that is moved out is told when a part of it is moved back in") {
  const TempDirectory root;
  const TempDirectory outside;
  fs::create_directories(root / "a/b/c");
  KernelWithHeldEvents kernel;
  WatchedDirectory watched(root.Path(), &kernel);
  watched.UntilBarrier();
  kernel.reading.Close();
  fs::rename(root / "a", outside / "a");
  WriteFile(outside / "a/b/file");
  fs::create_directories(outside / "a/b/c/new");
  fs::rename(outside / "a/b", root / "b");
  kernel.reading.Open();
  const std::vector<Record> records = watched.UntilBarrier();
  CHECK(Covers(records, "a"));
  CHECK(Covers(records, "b/file"));
  CHECK_FALSE(HasMove(records, "b", "b"));
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
}

TEST_CASE("after a directory is renamed, changes deep below have the new path") {
  const TempDirectory root;
  fs::create_directories(root / "a/b/c");
  fs::create_directories(root / "x");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  fs::rename(root / "a/b", root / "x/y");
  WriteFile(root / "x/y/c/file");
  const std::vector<Record> records = watched.UntilBarrier();
  CHECK(HasMove(records, "a/b", "x/y"));
  bool found = false;
  for (const Record& record : records) {
    CHECK(record.directory != "a/b/c");
    found = found || (record.kind == SlotKind::kChanged && record.Path() == "x/y/c/file");
  }
  CHECK(found);
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
}

TEST_CASE("two directories that are exchanged keep what is below them") {
  const TempDirectory root;
  fs::create_directories(root / "a/in-a");
  fs::create_directories(root / "b/in-b");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  REQUIRE(renameat2(AT_FDCWD, (root / "a").c_str(), AT_FDCWD, (root / "b").c_str(), RENAME_EXCHANGE) == 0);
  WriteFile(root / "a/in-b/file");
  WriteFile(root / "b/in-a/file");
  const std::vector<Record> records = watched.UntilBarrier();
  CHECK(HasMove(records, "a", "b"));
  CHECK(HasMove(records, "b", "a"));
  CHECK(Covers(records, "a/in-b/file"));
  CHECK(Covers(records, "b/in-a/file"));
  CHECK(watched.Watch().WatchedPaths() == DirectoriesOnDisk(root.Path()));
}

TEST_CASE("a file and a directory that are exchanged") {
  CheckChange(
      [](const TempDirectory& root) {
        fs::create_directories(root / "a/in-a");
        WriteFile(root / "b");
      },
      [](const TempDirectory& root) {
        REQUIRE(renameat2(AT_FDCWD, (root / "a").c_str(), AT_FDCWD, (root / "b").c_str(), RENAME_EXCHANGE) ==
                0);
      },
      {"a", "b", "b/in-a"});
}

TEST_CASE("a directory renamed over an empty one") {
  CheckChange(
      [](const TempDirectory& root) {
        fs::create_directories(root / "a/below");
        fs::create_directories(root / "empty");
      },
      [](const TempDirectory& root) {
        REQUIRE(rename((root / "a").c_str(), (root / "empty").c_str()) == 0);
        WriteFile(root / "empty/below/file");
      },
      {"a", "empty", "empty/below/file"});
}

TEST_CASE("a name that is created, renamed and created again") {
  CheckChange(Nothing,
              [](const TempDirectory& root) {
                fs::create_directories(root / "x/one");
                fs::rename(root / "x", root / "y");
                fs::create_directories(root / "x/two");
              },
              {"x", "x/two", "y", "y/one"});
}

TEST_CASE("a name that was moved out and made anew is called neither gone nor born") {
  const TempDirectory outside;
  const TempDirectory root;
  WriteFile(root / "a");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  fs::rename(root / "a", outside / "a");
  WriteFile(root / "a", "new");
  uint8_t last = 0;
  for (const Record& record : watched.UntilBarrier()) {
    last = record.name == "a" ? record.hints : last;
    CHECK((record.hints & kCreated) == 0);
  }
  CHECK((last & kDeleted) == 0);
  CHECK((last & kModified) != 0);
}

TEST_CASE("truncation by path and writes to a file held open are seen") {
  CheckChange([](const TempDirectory& root) { WriteFile(root / "file", "content"); },
              [](const TempDirectory& root) { REQUIRE(truncate((root / "file").c_str(), 1) == 0); },
              {"file"});
}

TEST_CASE("names are any bytes, up to 255 of them") {
  const std::string odd = "a\n\xff\xfe b\\";
  const std::string longest(255, 'n');
  CheckChange(Nothing,
              [&](const TempDirectory& root) {
                REQUIRE(mkdir((root / odd).c_str(), 0755) == 0);
                REQUIRE(mkdir((root / (odd + "/" + longest)).c_str(), 0755) == 0);
                WriteFile(root / (odd + "/" + longest + "/\x80"));
              },
              {odd, odd + "/" + longest, odd + "/" + longest + "/\x80"});
}

TEST_CASE("paths beyond PATH_MAX are scanned, watched and moved") {
  const TempDirectory root;
  const std::string part(200, 'p');
  const auto make_deep = [&](int depth, const char* file) {
    int fd = open(root.Path().c_str(), O_RDONLY | O_DIRECTORY);
    std::string path;
    for (int i = 0; i < depth; i++) {
      mkdirat(fd, part.c_str(), 0755);
      const int next = openat(fd, part.c_str(), O_RDONLY | O_DIRECTORY);
      close(fd);
      fd = next;
      path += path.empty() ? "" : "/";
      path += part;
    }
    close(openat(fd, file, O_WRONLY | O_CREAT, 0644));
    close(fd);
    return path;
  };
  make_deep(30, "first");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  CHECK(watched.Watch().WatchedPaths().size() == 31);
  const std::string path = make_deep(60, "second");
  CHECK(path.size() > 2 * PATH_MAX);
  const std::vector<Record> records = watched.UntilBarrier();
  CHECK(Covers(records, path + "/second"));
  CHECK(watched.Watch().WatchedPaths().size() == 61);
  // Only rm knows how to delete paths this long.
  const std::string remove = "rm -rf '" + root.Path() + "/" + part + "'";
  const int status = std::system(remove.c_str());  // NOLINT(concurrency-mt-unsafe)
  REQUIRE(status == 0);
  CHECK(Covers(watched.UntilBarrier(), part));
  CHECK(watched.Watch().WatchedPaths().size() == 1);
}

TEST_CASE("deleting a large tree leaves no watch") {
  CheckChange(
      [](const TempDirectory& root) {
        for (int i = 0; i < 40; i++) {
          for (int j = 0; j < 40; j++) {
            fs::create_directories(root / (Numbered("big/", i) + Numbered("/", j)));
          }
        }
      },
      [](const TempDirectory& root) { fs::remove_all(root / "big"); }, {"big"});
}

TEST_CASE("mode and times of a directory are reported once, of the root by an empty name") {
  const TempDirectory root;
  fs::create_directories(root / "d");
  WatchedDirectory watched(root.Path());
  watched.UntilBarrier();
  chmod((root / "d").c_str(), 0700);
  chmod(root.Path().c_str(), 0700);
  std::vector<Record> records = watched.UntilBarrier();
  REQUIRE(records.size() == 3);
  CHECK(records[0].Path() == "d");
  CHECK(records[0].hints == (kAttrib | kIsDirectory));
  CHECK(records[1].Path().empty());
  CHECK(records[1].hints == (kAttrib | kIsDirectory));
}

TEST_CASE("an excluded directory is not entered, and is when it gets a name that is not") {
  class ExcludeSkip : public PathFilter {
   public:
    bool ExcludesEntry(std::string_view path, bool /*is_directory*/) const override {
      return path == "skip" || path.ends_with("/skip");
    }
  };
  const TempDirectory root;
  fs::create_directories(root / "skip/a");
  fs::create_directories(root / "keep/skip/b");
  WatchOptions options;
  options.filter = std::make_shared<ExcludeSkip>();
  WatchedDirectory watched(root.Path(), nullptr, options);
  watched.UntilBarrier();
  CHECK(watched.Watch().WatchedPaths() == std::vector<std::string>{"", "keep"});
  fs::rename(root / "skip", root / "keep/now");
  CHECK(Covers(watched.UntilBarrier(), "keep/now/a"));
  CHECK(watched.Watch().WatchedPaths() == std::vector<std::string>{"", "keep", "keep/now", "keep/now/a"});
  fs::rename(root / "keep/now", root / "skip");
  watched.UntilBarrier();
  CHECK(watched.Watch().WatchedPaths() == std::vector<std::string>{"", "keep"});
}

TEST_CASE("a watch that is closed in the middle of a storm leaves no thread") {
  const TempDirectory root;
  std::atomic<bool> stop = false;
  std::thread storm([&] {
    for (int i = 0; !stop; i++) {
      fs::create_directories(root / (Numbered("s", i % 50) + "/a/b"));
      std::error_code ignored;
      fs::remove_all(root / (Numbered("s", (i + 25) % 50)), ignored);
    }
  });
  for (int i = 0; i < 20; i++) {
    WatchedDirectory watched(root.Path());
    if (i % 2 == 0) {
      watched.UntilBarrier();
    }
  }
  stop = true;
  storm.join();
}

}  // namespace syncline::testing
