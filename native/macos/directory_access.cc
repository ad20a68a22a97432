#include "copy/directory_access.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "macos/thread_directory.h"

namespace syncline {
namespace {

constexpr int kDirectoryFlags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

#ifdef O_SEARCH
constexpr int kSearch = O_SEARCH;
#else
// As headers since macOS 13 have it; older systems ignore it.
constexpr int kSearch = 0x40000000 | O_DIRECTORY;
#endif

// mknod(2) makes no sockets here.
int MakeSocket(const char* name, mode_t mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (std::strlen(name) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::strncpy(address.sun_path, name, sizeof address.sun_path - 1);
  const UniqueFd made(socket(AF_UNIX, SOCK_STREAM, 0));
  struct stat status {};
  if (!made.Valid() || bind(made.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      fstatat(AT_FDCWD, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return -1;
  }
  // What the umask left of all bits.
  return fchmodat(AT_FDCWD, name, status.st_mode & mode & 07777, AT_SYMLINK_NOFOLLOW);
}

}  // namespace

UniqueFd OpenDirectory(int at, const char* name) {
  UniqueFd directory(openat(at, name, O_RDONLY | kDirectoryFlags));
  if (!directory.Valid() && errno == EACCES) {
    directory.Reset(openat(at, name, kSearch | kDirectoryFlags));
  }
  return directory;
}

// O_NOFOLLOW_ANY would do it in one call, for short paths and without `..`: not worth a second way.
UniqueFd OpenDirectoryBeneath(int root, const std::string& path) { return WalkDirectoryBeneath(root, path); }

// Of a symlink its own mode is changed.
int ChangeMode(int at, const char* name, unsigned mode) {
  return fchmodat(at, name, static_cast<mode_t>(mode), AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

// mknodat(2) came with macOS 13.
int MakeSpecial(int at, const char* name, mode_t mode, dev_t device) {
  const ThreadDirectory directory(at);
  if (directory.Error() != 0) {
    errno = directory.Error();
    return -1;
  }
  switch (mode & S_IFMT) {
    case S_IFIFO:
      return mkfifo(name, mode & 07777);
    case S_IFSOCK:
      return MakeSocket(name, mode);
    default:
      return mknod(name, mode, device);
  }
}

}  // namespace syncline
