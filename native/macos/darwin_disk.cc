#include "macos/darwin_disk.h"

#include <sys/attr.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace syncline {
namespace {

// The last name of a path as its directory spells it; empty if it cannot be told.
std::string SpelledName(const std::string& path) {
  struct attrlist wanted = {};
  wanted.bitmapcount = ATTR_BIT_MAP_COUNT;
  wanted.commonattr = ATTR_CMN_NAME;
  // Length of all, then a reference to the name: its distance from itself, and its length with the NUL.
  struct {
    uint32_t length;
    attrreference_t name;
    char text[3 * 255 + 1];
  } answer;
  if (getattrlist(path.c_str(), &wanted, &answer, sizeof answer, FSOPT_NOFOLLOW) != 0 ||
      answer.name.attr_length == 0) {
    return {};
  }
  const char* text = reinterpret_cast<const char*>(&answer.name) + answer.name.attr_dataoffset;
  return {text, strnlen(text, answer.name.attr_length)};
}

}  // namespace

DarwinDisk::DarwinDisk(const std::string& root)
    : case_sensitive_(pathconf(root.c_str(), _PC_CASE_SENSITIVE) == 1) {}

DiskEntry DarwinDisk::LookAt(const std::string& path) {
  DiskEntry entry;
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) {
    entry.error = errno;
    return entry;
  }
  entry.inode = status.st_ino;
  entry.is_directory = S_ISDIR(status.st_mode);
  // Of a file with several names the system may tell another one.
  const bool has_one_name = entry.is_directory || status.st_nlink == 1;
  if (has_one_name && MayBeRespelled(std::string_view(path).substr(path.rfind('/') + 1))) {
    entry.name = SpelledName(path);
  }
  return entry;
}

int DarwinDisk::Identify(const std::string& path, RootIdentity* identity) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    return errno;
  }
  if (!S_ISDIR(status.st_mode)) {
    return ENOTDIR;
  }
  *identity = {static_cast<uint64_t>(status.st_dev), status.st_ino, status.st_birthtimespec.tv_sec,
               static_cast<uint32_t>(status.st_birthtimespec.tv_nsec)};
  return 0;
}

bool DarwinDisk::MayBeRespelled(std::string_view name) const {
  return std::any_of(name.begin(), name.end(), [this](char c) {
    return (static_cast<unsigned char>(c) & 0x80) != 0 ||
           (!case_sensitive_ && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')));
  });
}

}  // namespace syncline
