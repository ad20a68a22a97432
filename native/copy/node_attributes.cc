#include "copy/node_attributes.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "copy/directory_access.h"

namespace syncline {
namespace {

constexpr mode_t kPermissionBits = 07777;

bool IsRefusal(int error) { return error == EPERM || error == EOPNOTSUPP || error == ENOSYS; }

void Note(AttributesResult* result, const char* operation, int error) {
  if (error != 0 && result->error == 0) {
    result->error = error;
    result->operation = operation;
    result->refused = IsRefusal(error);
  }
}

int ChangeOwner(const AttributedNode& node, uid_t uid, gid_t gid) {
  const int done =
      node.fd >= 0 ? fchown(node.fd, uid, gid) : fchownat(node.at, node.name, uid, gid, AT_SYMLINK_NOFOLLOW);
  return done == 0 ? 0 : errno;
}

int ChangeTime(const AttributedNode& node, const timespec& modified) {
  const timespec times[2] = {{0, UTIME_OMIT}, modified};
  const int done =
      node.fd >= 0 ? futimens(node.fd, times) : utimensat(node.at, node.name, times, AT_SYMLINK_NOFOLLOW);
  return done == 0 ? 0 : errno;
}

}  // namespace

timespec ModifiedTime(const struct stat& status) { return status.st_mtim; }
timespec ChangedTime(const struct stat& status) { return status.st_ctim; }
bool IsSameTime(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

AttributesResult ApplyAttributes(const CopyAttributes& attributes, const struct stat& wanted,
                                 const struct stat& current, const AttributedNode& node) {
  AttributesResult result;
  const bool is_root = geteuid() == 0;
  const bool other_owner = attributes.owner && is_root && wanted.st_uid != current.st_uid;
  const bool other_group = attributes.group && wanted.st_gid != current.st_gid;
  bool owner_changed = false;
  if (other_owner || other_group) {
    const int error = ChangeOwner(node, other_owner ? wanted.st_uid : static_cast<uid_t>(-1),
                                  other_group ? wanted.st_gid : static_cast<gid_t>(-1));
    owner_changed = error == 0;
    // A user may give only its own groups: that is how -a works, not worth a word.
    if (is_root || error != EPERM) {
      result.changed = result.changed_more = true;
      Note(&result, "chown", error);
    }
  }
  // A new owner takes away the set-user-id bits.
  const bool other_mode = ((wanted.st_mode ^ current.st_mode) & kPermissionBits) != 0 || owner_changed;
  if (attributes.perms && other_mode && !S_ISLNK(wanted.st_mode)) {
    const mode_t mode = wanted.st_mode & kPermissionBits;
    result.changed = result.changed_more = true;
    const int error =
        node.fd >= 0 ? (fchmod(node.fd, mode) == 0 ? 0 : errno) : ChangeMode(node.at, node.name, mode);
    Note(&result, "chmod", error);
  }
  if (attributes.times && !IsSameTime(ModifiedTime(wanted), ModifiedTime(current))) {
    result.changed = true;
    Note(&result, "utimes", ChangeTime(node, ModifiedTime(wanted)));
  }
  return result;
}

}  // namespace syncline
