#include "copy/extended_attributes.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "posix/grown_value.h"
#include "posix/unique_fd.h"

namespace syncline {
namespace {

constexpr std::string_view kAcls[] = {"system.posix_acl_access", "system.posix_acl_default"};

// The name of an entry that leads to the entry itself, a symlink too, whatever has its name by now.
class NodeName {
 public:
  explicit NodeName(const AttributedNode& node) {
    int fd = node.fd;
    if (fd < 0) {
      own_.Reset(openat(node.at, node.name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
      error_ = own_.Valid() ? 0 : errno;
      fd = own_.Get();
    }
    path_ = "/proc/self/fd/" + std::to_string(fd);
  }

  int Error() const { return error_; }
  const char* Path() const { return path_.c_str(); }

 private:
  UniqueFd own_;
  int error_ = 0;
  std::string path_;
};

bool IsKept(const std::string& name, const CopyAttributes& kept) {
  if (IsAccessControlList(name)) {
    return kept.acls;
  }
  return kept.xattrs && (geteuid() == 0 ? !name.starts_with("system.") : name.starts_with("user."));
}

}  // namespace

int ReadExtendedAttributes(const AttributedNode& node, const CopyAttributes& kept,
                           ExtendedAttributes* found) {
  const NodeName at(node);
  if (at.Error() != 0) {
    return at.Error();
  }
  std::string names;
  if (const int error =
          ReadGrownValue(&names, [&](char* to, size_t size) { return listxattr(at.Path(), to, size); });
      error != 0) {
    return error;
  }
  for (size_t begin = 0; begin < names.size();) {
    const std::string name = names.c_str() + begin;
    begin += name.size() + 1;
    if (!IsKept(name, kept)) {
      continue;
    }
    std::string value;
    const int error = ReadGrownValue(
        &value, [&](char* to, size_t size) { return getxattr(at.Path(), name.c_str(), to, size); });
    // Removed since it was listed.
    if (error == ENODATA) {
      continue;
    }
    if (error != 0) {
      return error;
    }
    found->emplace(name, std::move(value));
  }
  return 0;
}

int WriteExtendedAttribute(const AttributedNode& node, const std::string& name, const std::string& value) {
  const NodeName at(node);
  if (at.Error() != 0) {
    return at.Error();
  }
  return setxattr(at.Path(), name.c_str(), value.data(), value.size(), 0) == 0 ? 0 : errno;
}

int RemoveExtendedAttribute(const AttributedNode& node, const std::string& name) {
  const NodeName at(node);
  if (at.Error() != 0) {
    return at.Error();
  }
  return removexattr(at.Path(), name.c_str()) == 0 || errno == ENODATA ? 0 : errno;
}

bool IsAccessControlList(const std::string& name) { return name == kAcls[0] || name == kAcls[1]; }

}  // namespace syncline
