// All groups of a user on macOS, not the first 16.
#define _DARWIN_UNLIMITED_GETGROUPS  // NOLINT(bugprone-reserved-identifier)

#include "copy/node_attributes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <vector>

#include "copy/changed_parts.h"
#include "copy/directory_access.h"
#include "copy/extended_attributes.h"

namespace syncline {
namespace {

constexpr mode_t kPermissionBits = 07777;

// ENOTSUP and EOPNOTSUPP are two on some systems.
bool IsRefusal(int error) {
  constexpr int kRefusals[] = {EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS};
  return std::find(std::begin(kRefusals), std::end(kRefusals), error) != std::end(kRefusals);
}

// Templates, so that the name that a system does not have is not looked up.
template <typename Status>
timespec ModifiedTimeOf(const Status& status) {
  if constexpr (requires { status.st_mtimespec; }) {
    return status.st_mtimespec;
  } else {
    return status.st_mtim;
  }
}

template <typename Status>
timespec ChangedTimeOf(const Status& status) {
  if constexpr (requires { status.st_ctimespec; }) {
    return status.st_ctimespec;
  } else {
    return status.st_ctim;
  }
}

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

int ChangeModeOf(const AttributedNode& node, mode_t mode) {
  const mode_t bits = mode & kPermissionBits;
  if (node.fd >= 0) {
    return fchmod(node.fd, bits) == 0 ? 0 : errno;
  }
  return ChangeMode(node.at, node.name, bits);
}

// Whether this user may give a file to that group.
bool MayGive(gid_t group) {
  static const std::vector<gid_t> groups = [] {
    std::vector<gid_t> found(static_cast<size_t>(std::max(getgroups(0, nullptr), 0)));
    found.resize(static_cast<size_t>(std::max(getgroups(static_cast<int>(found.size()), found.data()), 0)));
    found.push_back(getegid());
    return found;
  }();
  return geteuid() == 0 || std::find(groups.begin(), groups.end(), group) != groups.end();
}

// Writes or removes one extended attribute (null: removes). What only the owner's right to write allows is
// done with that right lent.
int ChangeExtended(const AttributedSide& target, mode_t mode, const std::string& name,
                   const std::string* value) {
  const auto change = [&] {
    return value != nullptr ? WriteExtendedAttribute(target.node, name, *value)
                            : RemoveExtendedAttribute(target.node, name);
  };
  int error = change();
  if (error == EACCES && ChangeModeOf(target.node, mode | S_IWUSR) == 0) {
    error = change();
    ChangeModeOf(target.node, mode);
  }
  return error;
}

void ApplyExtended(const DeliveryRequest& request, const AttributedSide& source, const AttributedSide& target,
                   AttributesResult* result) {
  const CopyAttributes& attributes = request.attributes;
  ExtendedAttributes wanted;
  const int unread = ReadExtendedAttributes(source.node, attributes, &wanted);
  if (unread != 0 && unread != ENOTSUP) {
    result->reading = result->error == 0;
    Note(result, "listxattr", unread);
    return;
  }
  ExtendedAttributes current;
  const int unseen = ReadExtendedAttributes(target.node, attributes, &current);
  if (unseen != 0 && (unseen != ENOTSUP || !wanted.empty())) {
    Note(result, "listxattr", unseen);
    return;
  }
  const mode_t mode = attributes.perms ? source.status.st_mode : target.status.st_mode;
  const auto note = [&](const std::string& name, const std::string* value) {
    result->parts |= IsAccessControlList(name) ? kChangedAcl : kChangedXattrs;
    if (!request.dry_run) {
      Note(result, value != nullptr ? "setxattr" : "removexattr", ChangeExtended(target, mode, name, value));
    }
  };
  for (const auto& [name, value] : wanted) {
    const auto there = current.find(name);
    if (there == current.end() || there->second != value) {
      note(name, &value);
    }
  }
  for (const auto& [name, value] : current) {
    if (!wanted.contains(name)) {
      note(name, nullptr);
    }
  }
}

}  // namespace

timespec ModifiedTime(const struct stat& status) { return ModifiedTimeOf(status); }
timespec ChangedTime(const struct stat& status) { return ChangedTimeOf(status); }
bool IsSameTime(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

AttributesResult ApplyAttributes(const DeliveryRequest& request, const AttributedSide& source,
                                 const AttributedSide& target) {
  const CopyAttributes& attributes = request.attributes;
  const struct stat& wanted = source.status;
  const struct stat& current = target.status;
  const AttributedNode& node = target.node;
  AttributesResult result;
  const bool other_owner = attributes.owner && geteuid() == 0 && wanted.st_uid != current.st_uid;
  const bool other_group = attributes.group && wanted.st_gid != current.st_gid && MayGive(wanted.st_gid);
  bool owner_changed = false;
  if (other_owner || other_group) {
    result.parts |= (other_owner ? kChangedOwner : 0U) | (other_group ? kChangedGroup : 0U);
    if (!request.dry_run) {
      const int error = ChangeOwner(node, other_owner ? wanted.st_uid : static_cast<uid_t>(-1),
                                    other_group ? wanted.st_gid : static_cast<gid_t>(-1));
      owner_changed = error == 0;
      Note(&result, "chown", error);
    }
  }
  const bool other_mode = ((wanted.st_mode ^ current.st_mode) & kPermissionBits) != 0;
  if (attributes.perms && !S_ISLNK(wanted.st_mode)) {
    result.parts |= other_mode ? kChangedMode : 0U;
    // A new owner takes away the set-user-id bits.
    if (!request.dry_run && (other_mode || owner_changed)) {
      Note(&result, "chmod", ChangeModeOf(node, wanted.st_mode));
    }
  }
  // Behind the owner, whose change takes capabilities away, and the mode, which changes the list's mask.
  if (attributes.acls || attributes.xattrs) {
    ApplyExtended(request, source, target, &result);
  }
  if (attributes.times && !IsSameTime(ModifiedTime(wanted), ModifiedTime(current))) {
    result.parts |= kChangedTime;
    if (!request.dry_run) {
      Note(&result, "utimes", ChangeTime(node, ModifiedTime(wanted)));
    }
  }
  return result;
}

}  // namespace syncline
