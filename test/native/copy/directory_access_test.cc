#include "copy/directory_access.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "copied_tree.h"
#include "watch/relative_path.h"

namespace syncline {
namespace {

UniqueFd Open(const std::filesystem::path& path) {
  return UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

ino_t InodeOf(int fd) {
  struct stat status {};
  CHECK(fstat(fd, &status) == 0);
  return status.st_ino;
}

}  // namespace

TEST_CASE("a directory below a root is opened, never through a symlink or out of the root") {
  const test::CopiedTree tree;
  std::filesystem::create_directories(tree.At("source/a/b/c"));
  std::filesystem::create_directory_symlink("a", tree.At("source/inside"));
  std::filesystem::create_directory_symlink(tree.At("target"), tree.At("source/a/outside"));
  tree.Write("source/file", "1");
  const UniqueFd root = Open(tree.At("source"));
  const UniqueFd wanted = Open(tree.At("source/a/b/c"));
  for (const auto& open_beneath : {OpenDirectoryBeneath, WalkDirectoryBeneath}) {
    const UniqueFd found = open_beneath(root.Get(), "a/b/c");
    REQUIRE(found.Valid());
    CHECK(InodeOf(found.Get()) == InodeOf(wanted.Get()));
    CHECK(InodeOf(open_beneath(root.Get(), "").Get()) == InodeOf(root.Get()));
    for (const char* path :
         {"inside", "inside/b", "a/outside", "a/outside/x", "..", "a/../..", "file", "missing"}) {
      CAPTURE(path);
      CHECK_FALSE(open_beneath(root.Get(), path).Valid());
    }
  }
}

TEST_CASE("a path longer than the kernel takes at once is walked") {
  const test::CopiedTree tree;
  const UniqueFd root = Open(tree.At("source"));
  const std::string name(250, 'x');
  std::string path;
  UniqueFd at = Open(tree.At("source"));
  for (int i = 0; i < 20; ++i) {
    REQUIRE(mkdirat(at.Get(), name.c_str(), 0700) == 0);
    at = OpenDirectory(at.Get(), name.c_str());
    path = JoinPath(path, name);
  }
  const UniqueFd found = OpenDirectoryBeneath(root.Get(), path);
  REQUIRE(found.Valid());
  CHECK(InodeOf(found.Get()) == InodeOf(at.Get()));
}

TEST_CASE("the mode of a file is changed, that of what a symlink leads to never") {
  const test::CopiedTree tree;
  tree.Write("source/file", "1");
  std::filesystem::create_symlink("file", tree.At("source/link"));
  const UniqueFd root = Open(tree.At("source"));
  CHECK(ChangeMode(root.Get(), "file", 0640) == 0);
  ChangeMode(root.Get(), "link", 0777);
  struct stat status {};
  REQUIRE(stat(tree.At("source/file").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE("a directory is listed in the order of its names, again and again") {
  const test::CopiedTree tree;
  for (const char* name : {"b", "a", "c\xff", ".hidden"}) {
    tree.Write(std::string("source/") + name, "");
  }
  const UniqueFd root = Open(tree.At("source"));
  for (int round = 0; round < 2; ++round) {
    std::vector<ListedName> names;
    CHECK(ListDirectory(root.Get(), &names) == 0);
    std::vector<std::string> only;
    only.reserve(names.size());
    for (const ListedName& listed : names) {
      only.push_back(listed.name);
    }
    CHECK(only == std::vector<std::string>{".hidden", "a", "b", "c\xff"});
  }
}

}  // namespace syncline
