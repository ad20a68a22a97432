#include "copy/extended_attributes.h"

#include <fcntl.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <type_traits>

#include "macos/thread_directory.h"
#include "posix/grown_value.h"
#include "posix/unique_fd.h"

namespace syncline {
namespace {

// The kernel keeps the list under this name and does not show it there. The value is what acl_copy_ext gives.
constexpr const char* kAcl = "com.apple.system.Security";
// Written by the system, whoever makes a file; cannot be set or removed.
constexpr const char* kProvenance = "com.apple.provenance";

struct FreeAcl {
  void operator()(acl_t list) const { acl_free(list); }
};
using OwnedAcl = std::unique_ptr<std::remove_pointer_t<acl_t>, FreeAcl>;

// Calls `by_fd(fd)`, or `by_name(name)` where names count from the entry's directory; `by_name` must not
// follow a symlink. Both as read(2). Not opened, an entry may be of any type and any mode.
template <typename ByFd, typename ByName>
ssize_t At(const AttributedNode& node, ByFd by_fd, ByName by_name) {
  if (node.fd >= 0) {
    return by_fd(node.fd);
  }
  const ThreadDirectory directory(node.at);
  if (directory.Error() != 0) {
    errno = directory.Error();
    return -1;
  }
  return by_name(node.name);
}

ssize_t ListNames(const AttributedNode& node, char* to, size_t size) {
  return At(
      node, [&](int fd) { return flistxattr(fd, to, size, 0); },
      [&](const char* name) { return listxattr(name, to, size, XATTR_NOFOLLOW); });
}

ssize_t GetValue(const AttributedNode& node, const std::string& attribute, char* to, size_t size) {
  const char* const key = attribute.c_str();
  return At(
      node, [&](int fd) { return fgetxattr(fd, key, to, size, 0, 0); },
      [&](const char* name) { return getxattr(name, key, to, size, 0, XATTR_NOFOLLOW); });
}

// 0 or an errno. `text` stays empty where there is no list.
int ReadAcl(const AttributedNode& node, std::string* text) {
  acl_t found = nullptr;
  const ssize_t failed = At(
      node,
      [&](int fd) {
        found = acl_get_fd_np(fd, ACL_TYPE_EXTENDED);
        return found == nullptr ? -1 : 0;
      },
      [&](const char* name) {
        found = acl_get_link_np(name, ACL_TYPE_EXTENDED);
        return found == nullptr ? -1 : 0;
      });
  if (failed != 0) {
    return errno == ENOENT ? 0 : errno;
  }
  const OwnedAcl list(found);
  const ssize_t size = acl_size(list.get());
  if (size < 0) {
    return errno;
  }
  text->resize(static_cast<size_t>(size));
  const ssize_t written = acl_copy_ext(text->data(), list.get(), size);
  if (written < 0) {
    return errno;
  }
  text->resize(static_cast<size_t>(written));
  return 0;
}

// Null: none any more.
int SetAcl(int fd, const std::string* text) {
  if (text != nullptr) {
    const OwnedAcl list(acl_copy_int(text->data()));
    return list != nullptr && acl_set_fd_np(fd, list.get(), ACL_TYPE_EXTENDED) == 0 ? 0 : errno;
  }
  const std::unique_ptr<std::remove_pointer_t<filesec_t>, void (*)(filesec_t)> none(filesec_init(),
                                                                                    filesec_free);
  return none != nullptr && filesec_set_property(none.get(), FILESEC_ACL, _FILESEC_REMOVE_ACL) == 0 &&
                 fchmodx_np(fd, none.get()) == 0
             ? 0
             : errno;
}

// By a descriptor alone: what sets a list by name would follow a symlink that took the name meanwhile.
int WriteAcl(const AttributedNode& node, const std::string* text) {
  if (node.fd >= 0) {
    return SetAcl(node.fd, text);
  }
  struct stat status {};
  if (fstatat(node.at, node.name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno;
  }
  // Opening a device does something, and a socket cannot be opened.
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    return ENOTSUP;
  }
  const UniqueFd entry(openat(node.at, node.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return entry.Valid() ? SetAcl(entry.Get(), text) : errno;
}

}  // namespace

int ReadExtendedAttributes(const AttributedNode& node, const CopyAttributes& kept,
                           ExtendedAttributes* found) {
  if (kept.acls) {
    std::string list;
    if (const int error = ReadAcl(node, &list); error != 0) {
      return error;
    }
    if (!list.empty()) {
      found->emplace(kAcl, std::move(list));
    }
  }
  if (!kept.xattrs) {
    return 0;
  }
  std::string names;
  if (const int error =
          ReadGrownValue(&names, [&](char* to, size_t size) { return ListNames(node, to, size); });
      error != 0) {
    return error;
  }
  for (size_t begin = 0; begin < names.size();) {
    const std::string name = names.c_str() + begin;
    begin += name.size() + 1;
    if (name == kProvenance) {
      continue;
    }
    std::string value;
    const int error =
        ReadGrownValue(&value, [&](char* to, size_t size) { return GetValue(node, name, to, size); });
    // Removed since it was listed.
    if (error == ENOATTR) {
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
  if (IsAccessControlList(name)) {
    return WriteAcl(node, &value);
  }
  const ssize_t done = At(
      node, [&](int fd) { return fsetxattr(fd, name.c_str(), value.data(), value.size(), 0, 0); },
      [&](const char* entry) {
        return setxattr(entry, name.c_str(), value.data(), value.size(), 0, XATTR_NOFOLLOW);
      });
  return done == 0 ? 0 : errno;
}

int RemoveExtendedAttribute(const AttributedNode& node, const std::string& name) {
  if (IsAccessControlList(name)) {
    return WriteAcl(node, nullptr);
  }
  const ssize_t done = At(
      node, [&](int fd) { return fremovexattr(fd, name.c_str(), 0); },
      [&](const char* entry) { return removexattr(entry, name.c_str(), XATTR_NOFOLLOW); });
  return done == 0 || errno == ENOATTR ? 0 : errno;
}

bool IsAccessControlList(const std::string& name) { return name == kAcl; }

}  // namespace syncline
