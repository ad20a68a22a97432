#include "fake_copy.h"

#include <fcntl.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "copy/file_contents.h"

// Here they are Linux's.
#undef getxattr
#undef fgetxattr
#undef setxattr
#undef fsetxattr
#undef removexattr
#undef fremovexattr
#undef listxattr
#undef flistxattr

struct _acl {
  std::string value;
};
struct _filesec {
  bool removes_acl = false;
};

namespace {

constexpr const char* kList = "system.posix_acl_access";
constexpr uint32_t kNoOwnerCopy = 2;

std::atomic<int> clones = 0;
std::atomic<bool> refuses = false;
std::function<void(int, const char*)> after_clone;

// The process has one working directory here: whoever changes it has it alone.
std::recursive_mutex working_directory;
thread_local int left = -1;

// Those of users alone, as a list of names; on a Mac the rest is not listed either.
ssize_t Listed(ssize_t size, const char* found, char* names, size_t room) {
  if (size < 0) {
    return size;
  }
  std::string kept;
  for (ssize_t at = 0; at < size;) {
    const std::string_view name = found + at;
    at += static_cast<ssize_t>(name.size()) + 1;
    if (name.starts_with("user.")) {
      kept.append(name).push_back('\0');
    }
  }
  if (names == nullptr || room == 0) {
    return static_cast<ssize_t>(kept.size());
  }
  if (kept.size() > room) {
    errno = ERANGE;
    return -1;
  }
  std::copy(kept.begin(), kept.end(), names);
  return static_cast<ssize_t>(kept.size());
}

acl_t ListOf(ssize_t size, const char* value) {
  if (size < 0) {
    errno = errno == ENODATA ? ENOENT : errno;
    return nullptr;
  }
  return new _acl{std::string(value, static_cast<size_t>(size))};
}

}  // namespace

namespace syncline::fake {

int Clones() { return clones; }
void RefuseClones(bool refuse) { refuses = refuse; }
void AfterClone(std::function<void(int, const char*)> act) { after_clone = std::move(act); }

}  // namespace syncline::fake

extern "C" {

int pthread_fchdir_np(int directory);
int pthread_fchdir_np(int directory) {
  if (directory < 0) {
    const int done = fchdir(left);
    close(left);
    left = -1;
    working_directory.unlock();
    return done;
  }
  working_directory.lock();
  left = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (left < 0 || fchdir(directory) != 0) {
    const int error = errno;
    close(left);
    working_directory.unlock();
    errno = error;
    return -1;
  }
  return 0;
}

int fclonefileat(int from, int at, const char* name, uint32_t flags);
int fclonefileat(int from, int at, const char* name, uint32_t flags) {
  ++clones;
  struct stat source = {};
  if (refuses || flags != kNoOwnerCopy || fstat(from, &source) != 0) {
    errno = ENOTSUP;
    return -1;
  }
  // Set-user-id and set-group-id are not cloned.
  const int to = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (to < 0) {
    return -1;
  }
  syncline::CopyContents(from, to, static_cast<uint64_t>(source.st_size), true,
                         [](uint64_t /*bytes*/) { return true; });
  const timespec times[2] = {source.st_atim, source.st_mtim};
  fchmod(to, source.st_mode & 0777);
  futimens(to, times);
  close(to);
  if (after_clone) {
    after_clone(at, name);
  }
  return 0;
}

ssize_t DarwinGetxattr(const char* path, const char* name, void* value, size_t size, uint32_t /*position*/,
                       int options) {
  return options == 1 ? lgetxattr(path, name, value, size) : getxattr(path, name, value, size);
}
ssize_t DarwinFgetxattr(int fd, const char* name, void* value, size_t size, uint32_t /*position*/,
                        int /*options*/) {
  return fgetxattr(fd, name, value, size);
}
int DarwinSetxattr(const char* path, const char* name, const void* value, size_t size, uint32_t /*position*/,
                   int options) {
  return options == 1 ? lsetxattr(path, name, value, size, 0) : setxattr(path, name, value, size, 0);
}
int DarwinFsetxattr(int fd, const char* name, const void* value, size_t size, uint32_t /*position*/,
                    int /*options*/) {
  return fsetxattr(fd, name, value, size, 0);
}
int DarwinRemovexattr(const char* path, const char* name, int options) {
  return options == 1 ? lremovexattr(path, name) : removexattr(path, name);
}
int DarwinFremovexattr(int fd, const char* name, int /*options*/) { return fremovexattr(fd, name); }
ssize_t DarwinListxattr(const char* path, char* names, size_t size, int options) {
  char found[65536];
  const ssize_t all =
      options == 1 ? llistxattr(path, found, sizeof found) : listxattr(path, found, sizeof found);
  return Listed(all, found, names, size);
}
ssize_t DarwinFlistxattr(int fd, char* names, size_t size, int /*options*/) {
  char found[65536];
  return Listed(flistxattr(fd, found, sizeof found), found, names, size);
}

int acl_free(void* object) {
  delete static_cast<acl_t>(object);
  return 0;
}
acl_t acl_get_fd_np(int fd, acl_type_t /*type*/) {
  char value[65536];
  return ListOf(fgetxattr(fd, kList, value, sizeof value), value);
}
acl_t acl_get_link_np(const char* path, acl_type_t /*type*/) {
  char value[65536];
  return ListOf(lgetxattr(path, kList, value, sizeof value), value);
}
int acl_set_fd_np(int fd, acl_t list, acl_type_t /*type*/) {
  return fsetxattr(fd, kList, list->value.data(), list->value.size(), 0);
}
// Its size, which acl_copy_int is not told, stands before it.
ssize_t acl_size(acl_t list) { return static_cast<ssize_t>(sizeof(size_t) + list->value.size()); }
ssize_t acl_copy_ext(void* buffer, acl_t list, ssize_t size) {
  if (size < acl_size(list)) {
    errno = ERANGE;
    return -1;
  }
  const size_t length = list->value.size();
  std::memcpy(buffer, &length, sizeof length);
  std::memcpy(static_cast<char*>(buffer) + sizeof length, list->value.data(), length);
  return acl_size(list);
}
acl_t acl_copy_int(const void* buffer) {
  size_t length = 0;
  std::memcpy(&length, buffer, sizeof length);
  return new _acl{std::string(static_cast<const char*>(buffer) + sizeof length, length)};
}

filesec_t filesec_init() { return new _filesec; }
void filesec_free(filesec_t security) { delete security; }
int filesec_set_property(filesec_t security, filesec_property_t property, const void* value) {
  security->removes_acl = property == FILESEC_ACL && value == _FILESEC_REMOVE_ACL;
  return security->removes_acl ? 0 : -1;
}
int fchmodx_np(int fd, filesec_t security) {
  return security->removes_acl && (fremovexattr(fd, kList) == 0 || errno == ENODATA) ? 0 : -1;
}

}  // extern "C"
