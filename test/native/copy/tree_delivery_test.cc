#include "copy/tree_delivery.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "copied_tree.h"
#include "copy/temporary_name.h"

namespace syncline {
namespace {

using test::CopiedTree;
using test::Deliver;
using test::DeliverAll;
using test::Delivered;
using Kind = DeliveryRecord::Kind;
namespace fs = std::filesystem;

using Paths = std::vector<std::string>;

FilterRule Exclude(const std::string& pattern) {
  FilterRule rule;
  rule.pattern = pattern;
  return rule;
}

Paths Sorted(Paths paths) {
  std::sort(paths.begin(), paths.end());
  return paths;
}

int64_t BlocksOf(const fs::path& path) {
  struct stat status {};
  CHECK(stat(path.c_str(), &status) == 0);
  return status.st_blocks;
}

}  // namespace

TEST_CASE("a whole tree is copied once, and the second time nothing is done") {
  const CopiedTree tree;
  for (int i = 0; i < 300; ++i) {
    tree.Write("source/d" + std::to_string(i % 7) + "/e/f" + std::to_string(i),
               std::string(static_cast<size_t>(i) * 37, 'x'));
  }
  fs::create_symlink("d1", tree.At("source/link"));
  const Delivered first = DeliverAll(tree.Request());
  CHECK(first.failure.scope == DeliveryFailure::Scope::kNone);
  CHECK(first.Paths(Kind::kProblem).empty());
  CHECK(tree.Count("target") == tree.Count("source"));
  for (int i = 0; i < 300; ++i) {
    const std::string name = "/d" + std::to_string(i % 7) + "/e/f" + std::to_string(i);
    CHECK(tree.Read("target" + name) == tree.Read("source" + name));
    CHECK(fs::last_write_time(tree.At("target" + name)) == fs::last_write_time(tree.At("source" + name)));
  }
  CHECK(fs::last_write_time(tree.At("target/d1/e")) == fs::last_write_time(tree.At("source/d1/e")));
  CHECK(DeliverAll(tree.Request()).records.empty());
}

TEST_CASE("holes stay holes, data between them and behind them arrives") {
  const CopiedTree tree;
  constexpr off_t kMegabyte = 1024L * 1024;
  tree.Write("source/sparse", "start");
  const int file = open(tree.At("source/sparse").c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(file >= 0);
  CHECK(pwrite(file, "middle", 6, 20 * kMegabyte) == 6);
  CHECK(ftruncate(file, 64 * kMegabyte) == 0);
  close(file);
  DeliverAll(tree.Request());
  CHECK(fs::file_size(tree.At("target/sparse")) == 64 * kMegabyte);
  CHECK(tree.Read("target/sparse") == tree.Read("source/sparse"));
  CHECK(BlocksOf(tree.At("target/sparse")) * 512 < 2 * kMegabyte);
}

TEST_CASE("what a crash left is removed, is never mirrored, and stays where nothing is compared") {
  const CopiedTree tree;
  const std::string left = MakeTemporaryName();
  tree.Write("source/d/" + MakeTemporaryName(), "not ours to mirror");
  tree.Write("target/d/" + left, "half");
  DeliveryRequest request = tree.Request();
  request.deletes = false;
  request.entries = {{"d", false}};
  Deliver(request);
  CHECK(tree.Exists("target/d/" + left));
  DeliverAll(request);
  CHECK(tree.Count("target") == 1);
}

TEST_CASE("moves are made in their order, and those that cannot be made are named") {
  const CopiedTree tree;
  tree.Write("target/a/f", "1");
  tree.Write("target/old", "2");
  tree.Write("target/full/x", "3");
  tree.Write("source/c/f", "1");
  tree.Write("source/new", "2");
  tree.Write("source/full/x", "3");
  DeliveryRequest request = tree.Request();
  request.moves = {{"a", "b", true},          {"b", "c", true},          {"old", "new", false},
                   {"missing", "gone", true}, {"c", "full", true},       {"new", "full", false},
                   {"c", "new", true},        {"nowhere/x", "y", false}, {"new", "c", true}};
  const Delivered told = Deliver(request);
  CHECK(told.Paths(Kind::kMoved) == Paths{"b", "c", "new"});
  CHECK(told.Paths(Kind::kMissed) == Paths{"gone", "full", "full", "new", "y", "c"});
  CHECK(tree.Read("target/c/f") == "1");
  CHECK(tree.Read("target/new") == "2");
  CHECK(tree.Read("target/full/x") == "3");
}

TEST_CASE("a move through a symlink of the target is not made") {
  const CopiedTree tree;
  tree.Write("outside/d/f", "1");
  fs::create_directory_symlink(tree.At("outside"), tree.At("target/link"));
  DeliveryRequest request = tree.Request();
  request.moves = {{"link/d", "d", true}, {"link", "elsewhere", true}};
  const Delivered told = Deliver(request);
  CHECK(told.Paths(Kind::kMissed) == Paths{"d", "elsewhere"});
  CHECK(tree.Exists("outside/d/f"));
}

TEST_CASE("a move into a directory that the target lacks makes it; a mere station of moves goes again") {
  const CopiedTree tree;
  tree.Write("target/a/f", "1");
  tree.Write("target/b", "2");
  tree.Write("source/new/deep/a/f", "1");
  tree.Write("source/c", "2");
  DeliveryRequest request = tree.Request();
  request.moves = {{"a", "new/deep/a", true}, {"b", "station/b", false}, {"station/b", "c", false}};
  CHECK(Deliver(request).Paths(Kind::kMoved) == Paths{"new/deep/a", "station/b", "c"});
  CHECK(tree.Read("target/new/deep/a/f") == "1");
  CHECK(tree.Read("target/c") == "2");
  CHECK_FALSE(tree.Exists("target/station"));
}

TEST_CASE("a move between two names of one file takes the old name away") {
  const CopiedTree tree;
  tree.Write("target/a", "1");
  fs::create_hard_link(tree.At("target/a"), tree.At("target/b"));
  DeliveryRequest request = tree.Request();
  request.moves = {{"a", "b", false}};
  CHECK(Deliver(request).Paths(Kind::kMoved) == Paths{"b"});
  CHECK_FALSE(tree.Exists("target/a"));
  CHECK(tree.Read("target/b") == "1");
}

TEST_CASE("files of equal size and time are told apart by content where that is asked for") {
  const CopiedTree tree;
  for (const std::string name : {"a/f", "b/f", "b/same"}) {
    tree.Write("source/" + name, name.ends_with("f") ? "new" : "one");
    tree.Write("target/" + name, name.ends_with("f") ? "old" : "one");
    fs::last_write_time(tree.At("target/" + name), fs::last_write_time(tree.At("source/" + name)));
  }
  fs::last_write_time(tree.At("target/b/same"), fs::file_time_type{});
  const auto inode = tree.InodeOf("target/b/same");
  DeliveryRequest request = tree.Request();
  request.subtrees = {""};
  request.content_subtrees = {"b"};
  CHECK(Deliver(request).failure.scope == DeliveryFailure::Scope::kNone);
  CHECK(tree.Read("target/a/f") == "old");
  CHECK(tree.Read("target/b/f") == "new");
  // What is equal keeps its file and gets its time.
  request.subtrees = {};
  fs::last_write_time(tree.At("target/b/same"), fs::file_time_type{});
  const auto kept = tree.InodeOf("target/b/same");
  Deliver(request);
  CHECK(tree.InodeOf("target/b/same") == kept);
  CHECK(kept != inode);
  CHECK(fs::last_write_time(tree.At("target/b/same")) == fs::last_write_time(tree.At("source/b/same")));
}

TEST_CASE("a dry run tells what a delivery would do, and changes nothing") {
  const CopiedTree tree;
  tree.Write("source/new/f", "1");
  tree.Write("source/was_directory", "2");
  tree.Write("source/longer", "12");
  fs::create_symlink("x", tree.At("source/link"));
  tree.Write("target/was_directory/a/b", "3");
  tree.Write("target/extra/c", "4");
  tree.Write("target/longer", "1");
  fs::create_symlink("y", tree.At("target/link"));
  const size_t count = tree.Count("target");
  const auto time = fs::last_write_time(tree.At("target"));
  DeliveryRequest request = tree.Request();
  request.dry_run = true;
  const Delivered told = DeliverAll(request);
  CHECK(Sorted(told.Paths(Kind::kUpdated)) == Paths{"link", "longer", "new", "new/f", "was_directory"});
  CHECK(Sorted(told.Paths(Kind::kDeleted)) ==
        Paths{"extra", "extra/c", "was_directory", "was_directory/a", "was_directory/a/b"});
  CHECK(told.Paths(Kind::kDirectoryTime) == Paths{""});
  for (const DeliveryRecord& record : told.records) {
    if (record.kind == Kind::kUpdated) {
      CAPTURE(record.path);
      const std::string change = record.message;
      CHECK(change.size() == 11);
      CHECK(change.substr(0, 4) == (record.path == "longer" ? ">f.s"
                                    : record.path == "link" ? "cLc."
                                    : record.path == "new"  ? "cd++"
                                                            : ">f++"));
    }
  }
  CHECK(tree.Count("target") == count);
  CHECK(fs::last_write_time(tree.At("target")) == time);
  // Without a target everything is new.
  request.target.reset();
  CHECK(DeliverAll(request).Paths(Kind::kUpdated).size() == tree.Count("source"));
}

TEST_CASE("no more is deleted than allowed") {
  const CopiedTree tree;
  for (int i = 0; i < 10; ++i) {
    tree.Write("target/f" + std::to_string(i), "1");
  }
  DeliveryRequest request = tree.Request();
  request.max_deletes = 4;
  CHECK(DeliverAll(request).failure.scope == DeliveryFailure::Scope::kBatch);
  CHECK(tree.Count("target") == 6);
  request.max_deletes = 6;
  CHECK(DeliverAll(request).failure.scope == DeliveryFailure::Scope::kNone);
  CHECK(tree.Count("target") == 0);
}

TEST_CASE("names of one file stay names of one file where hard links are kept") {
  const CopiedTree tree;
  tree.Write("source/a/one", "1");
  tree.Write("source/other", "2");
  for (const std::string name : {"source/b", "source/a/two", "source/z"}) {
    fs::create_hard_link(tree.At("source/a/one"), tree.At(name));
  }
  DeliveryRequest request = tree.Request();
  request.attributes.hard_links = true;
  CHECK(DeliverAll(request).Paths(Kind::kProblem).empty());
  const auto is_one_file = [&] {
    const auto inode = tree.InodeOf("target/b");
    return tree.InodeOf("target/a/one") == inode && tree.InodeOf("target/a/two") == inode &&
           tree.InodeOf("target/z") == inode && tree.InodeOf("target/other") != inode;
  };
  CHECK(is_one_file());
  CHECK(DeliverAll(request).records.empty());
  // Written under one name, told of another.
  tree.Write("source/a/two", "3");
  request.entries = {{"a/one", false}, {"a/two", true}, {"b", false}, {"z", false}};
  Deliver(request);
  CHECK(is_one_file());
  CHECK(tree.Read("target/z") == "3");
  // A link that became a file of its own.
  fs::remove(tree.At("source/z"));
  tree.Write("source/z", "4");
  CHECK(DeliverAll(request).Paths(Kind::kProblem).empty());
  CHECK(tree.Read("target/z") == "4");
  CHECK(tree.Read("target/b") == "3");
  CHECK(tree.Count("target") == tree.Count("source"));
}

TEST_CASE("extended attributes and access control lists follow where they are kept") {
  const CopiedTree tree;
  tree.Write("source/d/f", "1");
  tree.Write("target/d/f", "1");
  const std::string of_source = tree.At("source/d/f").string();
  const std::string of_target = tree.At("target/d/f").string();
  if (!test::SetXattr(of_source, "user.mark", "one") || !test::SetSomeAcl(of_source)) {
    MESSAGE("the file system keeps no such attributes: not tested");
    return;
  }
  const std::string acl = test::GetAcl(of_source);
  REQUIRE_FALSE(acl.empty());
  CHECK(test::SetXattr(of_target, "user.extra", "x"));
  fs::last_write_time(tree.At("target/d/f"), fs::last_write_time(tree.At("source/d/f")));
  DeliveryRequest request = tree.Request();
  DeliverAll(request);
  CHECK(tree.XattrOf("target/d/f", "user.mark").empty());
  request.attributes.xattrs = request.attributes.acls = true;
  const auto inode = tree.InodeOf("target/d/f");
  CHECK(DeliverAll(request).Paths(Kind::kUpdated) == Paths{"d/f"});
  CHECK(tree.InodeOf("target/d/f") == inode);
  CHECK(tree.XattrOf("target/d/f", "user.mark") == "one");
  CHECK(tree.XattrOf("target/d/f", "user.extra").empty());
  CHECK(test::GetAcl(of_target) == acl);
  CHECK(DeliverAll(request).records.empty());
  // A new file gets them at once.
  fs::remove(tree.At("target/d/f"));
  CHECK(DeliverAll(request).Paths(Kind::kProblem).empty());
  CHECK(tree.XattrOf("target/d/f", "user.mark") == "one");
  CHECK(test::GetAcl(of_target) == acl);
  request.dry_run = true;
  CHECK(test::RemoveXattr(of_source, "user.mark"));
  const Delivered told = DeliverAll(request);
  REQUIRE(told.Paths(Kind::kUpdated) == Paths{"d/f"});
  CHECK(told.records.front().message == ".f........x");
}

TEST_CASE("what is too much in a directory is deleted before anything is delivered into it") {
  const CopiedTree tree;
  tree.Write("source/a", "1");
  tree.Write("target/z", "1");
  tree.Write("target/m/n", "1");
  DeliveryRequest request = tree.Request();
  request.threads = 1;
  const Delivered told = DeliverAll(request);
  REQUIRE(told.records.size() >= 4);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(told.records[i].kind == Kind::kDeleted);
  }
  CHECK(told.records[3].path == "a");
}

TEST_CASE("what the filter excludes is neither copied nor deleted") {
  const CopiedTree tree;
  tree.Write("source/d/f.tmp", "1");
  tree.Write("source/d/f", "1");
  tree.Write("target/gone/mine.tmp", "1");
  tree.Write("target/gone/theirs", "1");
  tree.Write("target/d/mine.tmp", "1");
  DeliveryRequest request = tree.Request();
  request.hidden = request.kept = request.kept_in_deleted =
      std::make_shared<const RuleList>(std::vector<FilterRule>{Exclude("*.tmp")});
  CHECK(DeliverAll(request).Paths(Kind::kProblem).empty());
  CHECK_FALSE(tree.Exists("target/d/f.tmp"));
  CHECK(tree.Exists("target/d/f"));
  CHECK(tree.Exists("target/d/mine.tmp"));
  CHECK(tree.Exists("target/gone/mine.tmp"));
  CHECK_FALSE(tree.Exists("target/gone/theirs"));
}

TEST_CASE(
    "a source root that is another directory by now is a failure of the source, and nothing is touched") {
  const CopiedTree tree;
  tree.Write("target/f", "1");
  DeliveryRequest request = tree.Request();
  ++request.source.inode;
  CHECK(DeliverAll(request).failure.scope == DeliveryFailure::Scope::kSource);
  request = tree.Request();
  ++request.target->inode;
  CHECK(DeliverAll(request).failure.scope == DeliveryFailure::Scope::kTarget);
  CHECK(tree.Exists("target/f"));
}

TEST_CASE("an aborted delivery leaves no temporary file") {
  const CopiedTree tree;
  tree.Write("source/big", std::string(64UL * 1024 * 1024, 'x'));
  DeliveryRequest request = tree.Request();
  request.subtrees = {""};
  DeliveryReport report([] {});
  std::thread delivery([&] { DeliverTree(request, &report); });
  while (report.Counts().bytes == 0) {
    std::this_thread::yield();
  }
  report.Abort();
  delivery.join();
  // Where blocks are shared it may have been done before.
  const Delivered told{report.Take(SIZE_MAX), report.Failure()};
  CHECK(tree.Count("target") == told.Paths(Kind::kUpdated).size());
  CHECK(tree.Exists("target/big") == (tree.Count("target") == 1));
}

TEST_CASE("a very deep tree is copied and deleted") {
  const CopiedTree tree;
  std::string path = "source";
  for (int i = 0; i < 700; ++i) {
    path += "/d";
  }
  tree.Write(path + "/f", "deep");
  CHECK(DeliverAll(tree.Request()).Paths(Kind::kProblem).empty());
  CHECK(tree.Count("target") == 701);
  fs::remove_all(tree.At("source/d"));
  CHECK(DeliverAll(tree.Request()).Paths(Kind::kDeleted).size() == 701);
  CHECK(tree.Count("target") == 0);
}

// A thread that swaps a directory for a symlink out of the tree and back, as fast as it can.
class Swapper {
 public:
  Swapper(fs::path directory, fs::path outside)
      : directory_(std::move(directory)), outside_(std::move(outside)), thread_([this] { Run(); }) {}
  ~Swapper() {
    stop_ = true;
    thread_.join();
  }
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;

  uint64_t Swaps() const { return swaps_; }

 private:
  void Run() {
    const std::string away = directory_.string() + ".away";
    const std::string link = directory_.string() + ".link";
    while (!stop_) {
      // Where the copy has put something else in its place, that is removed: the attack goes on.
      std::error_code ignored;
      if (rename(directory_.c_str(), away.c_str()) != 0) {
        fs::remove_all(away, ignored);
        continue;
      }
      if (symlink(outside_.c_str(), link.c_str()) == 0 && rename(link.c_str(), directory_.c_str()) == 0) {
        ++swaps_;
      }
      unlink(link.c_str());
      std::this_thread::yield();
      unlink(directory_.c_str());
      rename(away.c_str(), directory_.c_str());
    }
  }

  const fs::path directory_;
  const fs::path outside_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> swaps_ = 0;
  std::thread thread_;
};

TEST_CASE("directories swapped for symlinks during the copy lead nothing outside, on neither side") {
  const CopiedTree tree;
  for (int i = 0; i < 60; ++i) {
    tree.Write("source/d/e/f" + std::to_string(i), "from the source");
    tree.Write("outside/e/secret" + std::to_string(i), "from outside");
    tree.Write("outside/e/f" + std::to_string(i), "from outside");
  }
  const auto time_before = fs::last_write_time(tree.At("outside/e"));
  const size_t count_before = tree.Count("outside");
  for (const std::string side : {"source", "target"}) {
    CAPTURE(side);
    fs::create_directories(tree.At("target/d/e"));
    const Swapper attacker(tree.At(side + "/d"), tree.At("outside"));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    for (int round = 0; (attacker.Swaps() < 200 || round < 60) && std::chrono::steady_clock::now() < deadline;
         ++round) {
      DeliveryRequest request = tree.Request();
      for (int i = 0; i < 60; ++i) {
        request.entries.push_back({"d/e/f" + std::to_string(i), true});
        request.entries.push_back({"d/e/secret" + std::to_string(i), true});
      }
      std::sort(request.entries.begin(), request.entries.end(),
                [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
      request.moves = {{"d/e/f1", "d/e/moved", false}, {"d/e", "d/x", true}};
      request.subtrees = {"d"};
      Deliver(request);
      // What was read is from the source alone.
      // The attacker goes on meanwhile: a directory may vanish while it is listed.
      std::error_code error;
      for (fs::recursive_directory_iterator at(tree.At("target"), error), end; !error && at != end;
           at.increment(error)) {
        CHECK_FALSE(at->path().filename().string().starts_with("secret"));
      }
    }
    CHECK(attacker.Swaps() > 0);
  }
  CHECK(tree.Count("outside") == count_before);
  CHECK(fs::last_write_time(tree.At("outside/e")) == time_before);
  for (int i = 0; i < 60; ++i) {
    CHECK(tree.Read("outside/e/f" + std::to_string(i)) == "from outside");
  }
}

}  // namespace syncline
