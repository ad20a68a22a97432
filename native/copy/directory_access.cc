#include "copy/directory_access.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace syncline {
namespace {

// A descriptor that can only be searched is of a directory that may not be listed.
int SayableError(int error) { return error == EBADF ? EACCES : error; }

}  // namespace

UniqueFd WalkDirectoryBeneath(int root, const std::string& path) {
  UniqueFd directory(fcntl(root, F_DUPFD_CLOEXEC, 0));
  for (size_t at = 0; at < path.size() && directory.Valid();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, slash - at);
    if (part.empty() || part == "." || part == "..") {
      errno = EINVAL;
      return {};
    }
    directory = OpenDirectory(directory.Get(), part.c_str());
    at = slash + 1;
  }
  return directory;
}

int ListDirectory(int directory, std::vector<ListedName>* names) {
  const int copy = fcntl(directory, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    return errno;
  }
  // The copy shares its place in the directory with the original, and rewinddir(3) may believe that a new
  // stream is at the beginning.
  lseek(copy, 0, SEEK_SET);
  DIR* stream = fdopendir(copy);
  if (stream == nullptr) {
    const int error = SayableError(errno);
    close(copy);
    return error;
  }
  int error = 0;
  for (;;) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is of this call alone.
    const dirent* entry = readdir(stream);
    if (entry == nullptr) {
      error = SayableError(errno);
      break;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names->push_back({std::string(name), entry->d_type});
    }
  }
  closedir(stream);
  std::sort(names->begin(), names->end(),
            [](const ListedName& a, const ListedName& b) { return a.name < b.name; });
  return error;
}

}  // namespace syncline
