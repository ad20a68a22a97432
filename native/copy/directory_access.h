#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "posix/unique_fd.h"

namespace syncline {

// Opens the directory `name` (one part of a path) in the open directory `at`, no symlink followed. Where it
// may not be listed, a descriptor is given that can only be searched. Invalid with errno set.
UniqueFd OpenDirectory(int at, const char* name);

// Opens a directory below `root` by its relative path ('' is the root itself). No symlink is followed and
// nothing above `root` reached, whatever happens to the tree meanwhile. Invalid with errno set.
UniqueFd OpenDirectoryBeneath(int root, const std::string& path);

// The same, part by part, as it is done where the kernel has no call for it.
UniqueFd WalkDirectoryBeneath(int root, const std::string& path);

// Sets the permission bits of an entry that may be anything but a symlink; none is followed. 0 or an errno.
int ChangeMode(int at, const char* name, unsigned mode);

// Makes a fifo, a socket or a device, as mknodat(2) does on Linux: `mode` less what the umask takes. 0, or -1
// with errno set.
int MakeSpecial(int at, const char* name, mode_t mode, dev_t device);

// A name found in a directory; `type` as in DT_*, DT_UNKNOWN where the file system does not tell.
struct ListedName {
  std::string name;
  unsigned char type;
};

// The names in an open directory, sorted by bytes, without `.` and `..`. 0 or an errno.
int ListDirectory(int directory, std::vector<ListedName>* names);

}  // namespace syncline
