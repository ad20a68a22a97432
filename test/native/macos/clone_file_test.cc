#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "../copy/copied_tree.h"
#include "copy/directory_access.h"
#include "copy/node_attributes.h"
#include "fake/copy/fake_copy.h"

// A file that shares its blocks comes with more than its content: what is made of one that may, and of
// others.
namespace syncline::test {
namespace {

using Kind = DeliveryRecord::Kind;

const std::string kLarge(100'000, 'x');

struct stat StatusOf(const CopiedTree& tree, const std::string& name) {
  struct stat status {};
  REQUIRE(lstat(tree.At(name).c_str(), &status) == 0);
  return status;
}

int ClonesOf(const DeliveryRequest& request) {
  const int before = fake::Clones();
  CHECK(DeliverAll(request).Paths(Kind::kProblem).empty());
  return fake::Clones() - before;
}

}  // namespace

TEST_CASE("a large file is cloned, and has the attributes that are kept and no others") {
  const CopiedTree tree;
  tree.Write("source/f", kLarge);
  REQUIRE(chmod(tree.At("source/f").c_str(), 0444) == 0);
  DeliveryRequest request = tree.Request();
  CHECK(ClonesOf(request) == 1);
  CHECK(tree.Read("target/f") == kLarge);
  CHECK((StatusOf(tree, "target/f").st_mode & 07777) == 0444);
  CHECK(IsSameTime(ModifiedTime(StatusOf(tree, "target/f")), ModifiedTime(StatusOf(tree, "source/f"))));
  SUBCASE("a later one takes its place") {
    const std::string other(200'000, 'y');
    std::filesystem::remove(tree.At("source/f"));
    tree.Write("source/f", other);
    CHECK(ClonesOf(request) == 1);
    CHECK(tree.Read("target/f") == other);
    CHECK(tree.Count("target") == 1);
  }
  SUBCASE("nothing of its mode is taken where modes are not kept") {
    std::filesystem::remove(tree.At("target/f"));
    request.attributes.perms = false;
    CHECK(ClonesOf(request) == 0);
    CHECK(tree.Read("target/f") == kLarge);
  }
}

TEST_CASE("a file is copied where a clone would bring more than content, or cannot be") {
  const CopiedTree tree;
  DeliveryRequest request = tree.Request();
  int clones = 0;
  SUBCASE("it has an attribute") {
    tree.Write("source/f", kLarge);
    if (!SetXattr(tree.At("source/f").string(), "user.mark", "one")) {
      MESSAGE("the file system keeps no such attributes: not tested");
      return;
    }
  }
  SUBCASE("it has an access control list") {
    tree.Write("source/f", kLarge);
    if (!SetSomeAcl(tree.At("source/f").string())) {
      MESSAGE("the file system keeps no such lists: not tested");
      return;
    }
  }
  SUBCASE("it has a flag") {
    tree.Write("source/f", kLarge);
    REQUIRE(chmod(tree.At("source/f").c_str(), 01644) == 0);
  }
  SUBCASE("it is small") { tree.Write("source/f", "small"); }
  SUBCASE("the file system refuses") {
    tree.Write("source/f", kLarge);
    fake::RefuseClones(true);
    clones = 1;
  }
  CHECK(ClonesOf(request) == clones);
  fake::RefuseClones(false);
  CHECK(tree.Read("target/f") == tree.Read("source/f"));
  CHECK(tree.XattrOf("target/f", "user.mark").empty());
  CHECK(tree.Count("target") == 1);
}

TEST_CASE("what took the name of a clone is left as it is") {
  const CopiedTree tree;
  tree.Write("source/f", kLarge);
  tree.Write("secret", kLarge);
  REQUIRE(chmod(tree.At("secret").c_str(), 0640) == 0);
  const std::string secret = tree.At("secret").string();
  SUBCASE("another file with a name elsewhere") {
    fake::AfterClone([&](int at, const char* name) {
      unlinkat(at, name, 0);
      REQUIRE(linkat(AT_FDCWD, secret.c_str(), at, name, 0) == 0);
    });
  }
  SUBCASE("a symlink") {
    fake::AfterClone([&](int at, const char* name) {
      unlinkat(at, name, 0);
      REQUIRE(symlinkat(secret.c_str(), at, name) == 0);
    });
  }
  CHECK(ClonesOf(tree.Request()) == 1);
  fake::AfterClone({});
  CHECK(tree.Read("target/f") == kLarge);
  CHECK(tree.InodeOf("target/f") != tree.InodeOf("secret"));
  CHECK((StatusOf(tree, "secret").st_mode & 07777) == 0640);
  CHECK(tree.Count("target") == 1);
}

TEST_CASE("fifos and sockets are made in an open directory, by their names alone") {
  const CopiedTree tree;
  const UniqueFd directory(open(tree.At("target").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK(MakeSpecial(directory.Get(), "fifo", S_IFIFO | 0600, 0) == 0);
  CHECK(MakeSpecial(directory.Get(), "socket", S_IFSOCK | 0600, 0) == 0);
  CHECK((StatusOf(tree, "target/fifo").st_mode & (S_IFMT | 07777)) == (S_IFIFO | 0600));
  CHECK((StatusOf(tree, "target/socket").st_mode & (S_IFMT | 07777)) == (S_IFSOCK | 0600));
  CHECK(MakeSpecial(directory.Get(), "fifo", S_IFIFO | 0600, 0) == -1);
  CHECK(errno == EEXIST);
  CHECK(MakeSpecial(-1, "fifo", S_IFIFO | 0600, 0) == -1);
}

}  // namespace syncline::test
