#include "copy/entry_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "copy/directory_access.h"
#include "copy/file_contents.h"
#include "copy/kernel_copy.h"
#include "copy/node_attributes.h"
#include "copy/remove_tree.h"
#include "copy/temporary_name.h"
#include "watch/relative_path.h"

namespace syncline {
namespace {

constexpr mode_t kPermissionBits = 07777;
// A file that changes all the time is delivered as it was read the last time; a larger one is not read twice.
constexpr int kMaxTries = 3;
constexpr off_t kRetriedMaxBytes = 16L * 1024 * 1024;

bool IsUnchanged(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && IsSameTime(ModifiedTime(a), ModifiedTime(b)) &&
         IsSameTime(ChangedTime(a), ChangedTime(b));
}

// An entry under a temporary name, deleted unless it was put in place.
class TemporaryEntry {
 public:
  TemporaryEntry(DeliveryContext& context, const OpenPair& pair, const std::string& name)
      : context_(context), pair_(pair), name_(name), path_(JoinPath(pair.Path(), name)) {}
  ~TemporaryEntry() {
    if (exists_) {
      unlinkat(pair_.Target(), temporary_.c_str(), 0);
    }
  }
  TemporaryEntry(const TemporaryEntry&) = delete;
  TemporaryEntry& operator=(const TemporaryEntry&) = delete;

  // Calls `make` with a fresh name until it does not meet an entry that exists; it returns a value below 0
  // with errno set for a failure, which is told as one of `operation` if that is not null. The last value.
  template <typename Make>
  int Create(const char* operation, Make make) {
    int made = 0;
    do {
      temporary_ = MakeTemporaryName();
      made = make(pair_.Target(), temporary_.c_str());
    } while (made < 0 && errno == EEXIST);
    exists_ = made >= 0;
    if (!exists_ && operation != nullptr) {
      context_.report.TargetProblem(path_, operation, errno);
    }
    return made;
  }

  // Sets the attributes, by descriptors of both sides where there are any (-1: by name).
  bool SetAttributes(const struct stat& source, int source_fd, int fd) {
    struct stat current {};
    const int at = pair_.Target();
    const char* name = temporary_.c_str();
    if ((fd >= 0 ? fstat(fd, &current) : fstatat(at, name, &current, AT_SYMLINK_NOFOLLOW)) != 0) {
      context_.report.TargetProblem(path_, "stat", errno);
      return false;
    }
    const AttributesResult result = ApplyAttributes(
        context_.request, {{source_fd, pair_.Source(), name_.c_str()}, source}, {{fd, at, name}, current});
    if (result.refused) {
      context_.report.Refused(path_, result.operation, result.error);
    } else if (result.error != 0 && result.reading) {
      context_.report.SourceProblem(path_, result.operation, result.error);
      return false;
    } else if (result.error != 0) {
      context_.report.TargetProblem(path_, result.operation, result.error);
      return false;
    }
    return true;
  }

  void PutInPlace(uint64_t bytes) {
    int error = Rename();
    if (error == EISDIR || error == ENOTEMPTY || error == EEXIST) {
      if (!MakeWay()) {
        return;
      }
      error = Rename();
    }
    if (error != 0) {
      context_.report.TargetProblem(path_, "rename", error);
      return;
    }
    exists_ = false;
    context_.report.Updated(path_, bytes);
  }

 private:
  int Rename() {
    const int at = pair_.Target();
    return renameat(at, temporary_.c_str(), at, name_.c_str()) == 0 ? 0 : errno;
  }

  // A directory has the name.
  bool MakeWay() {
    if (!context_.request.deletes) {
      if (unlinkat(pair_.Target(), name_.c_str(), AT_REMOVEDIR) == 0) {
        return true;
      }
      context_.report.TargetProblem(path_, "make way for it", errno);
      return false;
    }
    const Removal removal = RemoveTree(context_, pair_.Target(), name_, path_, true);
    if (removal == Removal::kKept) {
      context_.report.Problem(path_, "a directory with names that the filter keeps is in its place");
    }
    return removal == Removal::kGone;
  }

  DeliveryContext& context_;
  const OpenPair& pair_;
  const std::string& name_;
  const std::string path_;
  std::string temporary_;
  bool exists_ = false;
};

constexpr mode_t kPrivateMode = S_IRUSR | S_IWUSR;

// The mode a new file is made with: private where its own mode is set later, else what the umask leaves of
// it.
mode_t FirstMode(const DeliveryContext& context, const struct stat& source) {
  return context.request.attributes.perms ? kPrivateMode : source.st_mode & 0777;
}

// Where the source's bits are not kept, a file that is replaced keeps its own.
void KeepMode(const DeliveryContext& context, const OpenPair& pair, const std::string& name, int file) {
  struct stat replaced {};
  if (!context.request.attributes.perms &&
      fstatat(pair.Target(), name.c_str(), &replaced, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISREG(replaced.st_mode)) {
    fchmod(file, replaced.st_mode & kPermissionBits);
  }
}

void LearnTimes(DeliveryContext& context, const struct stat& source, int file) {
  if (context.keeps_nanoseconds || !context.request.attributes.times || ModifiedTime(source).tv_nsec == 0) {
    return;
  }
  struct stat written {};
  if (fstat(file, &written) == 0) {
    context.keeps_nanoseconds = ModifiedTime(written).tv_nsec != 0;
    context.keeps_seconds_only = ModifiedTime(written).tv_nsec == 0;
  }
}

}  // namespace

void CopyFile(DeliveryContext& context, const OpenPair& pair, const std::string& name) {
  const std::string path = JoinPath(pair.Path(), name);
  // O_NONBLOCK: it may be a fifo by now.
  const UniqueFd from(
      openat(pair.Source(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat before {};
  if (!from.Valid() || fstat(from.Get(), &before) != 0) {
    context.report.SourceProblem(path, "open", errno);
    return;
  }
  if (!S_ISREG(before.st_mode)) {
    context.report.Recheck(path);
    return;
  }
  TemporaryEntry temporary(context, pair, name);
  bool is_clone = false;
  const UniqueFd to(temporary.Create("create", [&](int at, const char* temporary_name) {
    const mode_t mode = FirstMode(context, before);
    if (mode == kPrivateMode) {
      UniqueFd clone = CloneFile(from.Get(), at, temporary_name);
      is_clone = clone.Valid();
      if (is_clone) {
        return clone.Release();
      }
    }
    return openat(at, temporary_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  }));
  if (!to.Valid()) {
    return;
  }
  for (int tries = 1;; ++tries) {
    const auto size = static_cast<uint64_t>(before.st_size);
    // st_blocks counts 512 bytes whatever the block size is.
    const bool maybe_sparse = static_cast<uint64_t>(before.st_blocks) * 512 < size;
    const auto on_bytes = [&context](uint64_t bytes) {
      context.report.CountBytes(bytes);
      return !context.report.Stopped();
    };
    ContentsResult result;
    if (is_clone && tries == 1) {
      result.error = on_bytes(size) ? 0 : ECANCELED;
    } else {
      result = CopyContents(from.Get(), to.Get(), size, maybe_sparse, on_bytes);
    }
    if (result.error == ECANCELED) {
      return;
    }
    if (result.error != 0) {
      if (result.reading) {
        context.report.SourceProblem(path, "read", result.error);
      } else {
        context.report.TargetProblem(path, "write", result.error);
      }
      return;
    }
    struct stat after {};
    if (fstat(from.Get(), &after) != 0) {
      context.report.SourceProblem(path, "stat", errno);
      return;
    }
    if (IsUnchanged(before, after)) {
      break;
    }
    if (tries == kMaxTries || after.st_size > kRetriedMaxBytes) {
      context.report.Recheck(path);
      break;
    }
    before = after;
    if (ftruncate(to.Get(), 0) != 0) {
      context.report.TargetProblem(path, "truncate", errno);
      return;
    }
  }
  KeepMode(context, pair, name, to.Get());
  if (temporary.SetAttributes(before, from.Get(), to.Get())) {
    LearnTimes(context, before, to.Get());
    temporary.PutInPlace(static_cast<uint64_t>(before.st_size));
  }
}

void CopySymlink(DeliveryContext& context, const OpenPair& pair, const std::string& name,
                 const struct stat& source, const std::string& link) {
  TemporaryEntry temporary(context, pair, name);
  const int made = temporary.Create("symlink", [&](int at, const char* temporary_name) {
    return symlinkat(link.c_str(), at, temporary_name);
  });
  if (made == 0 && temporary.SetAttributes(source, -1, -1)) {
    temporary.PutInPlace(0);
  }
}

void CopySpecial(DeliveryContext& context, const OpenPair& pair, const std::string& name,
                 const struct stat& source) {
  TemporaryEntry temporary(context, pair, name);
  const int made = temporary.Create("mknod", [&](int at, const char* temporary_name) {
    return MakeSpecial(at, temporary_name,
                       static_cast<mode_t>((source.st_mode & S_IFMT) | FirstMode(context, source)),
                       source.st_rdev);
  });
  if (made == 0 && temporary.SetAttributes(source, -1, -1)) {
    temporary.PutInPlace(0);
  }
}

void CopyAttributesOf(DeliveryContext& context, const OpenPair& pair, const std::string& name,
                      const struct stat& source, const struct stat& target) {
  const AttributesResult result =
      ApplyAttributes(context.request, {{-1, pair.Source(), name.c_str()}, source},
                      {{-1, pair.Target(), name.c_str()}, target});
  if (result.parts == 0 && result.error == 0) {
    return;
  }
  std::string path = JoinPath(pair.Path(), name);
  if (result.refused) {
    context.report.Refused(std::move(path), result.operation, result.error);
  } else if (result.error != 0 && result.reading) {
    context.report.SourceProblem(std::move(path), result.operation, result.error);
  } else if (result.error != 0) {
    context.report.TargetProblem(std::move(path), result.operation, result.error);
  } else if (context.request.dry_run) {
    context.report.Updated(std::move(path), 0,
                           ItemizedChange(source.st_mode, ChangeWay::kAttributes, result.parts));
  } else {
    context.report.Updated(std::move(path), 0);
  }
}

bool LinkEntry(DeliveryContext& context, const OpenPair& pair, const std::string& name,
               const struct stat& source, const std::string& first) {
  const UniqueFd directory = OpenDirectoryBeneath(context.target_root, std::string(ParentPath(first)));
  const std::string first_name(BaseName(first));
  struct stat original {};
  struct stat current {};
  const bool is_there = fstatat(pair.Target(), name.c_str(), &current, AT_SYMLINK_NOFOLLOW) == 0;
  if (context.request.dry_run) {
    const bool is_linked =
        is_there && directory.Valid() &&
        fstatat(directory.Get(), first_name.c_str(), &original, AT_SYMLINK_NOFOLLOW) == 0 &&
        original.st_dev == current.st_dev && original.st_ino == current.st_ino;
    if (!is_linked) {
      TellCopy(context, pair, name, source, is_there ? &current : nullptr, ChangeWay::kLinked, 0);
    }
    return true;
  }
  // What has the first name may have changed since it was delivered.
  if (!directory.Valid() ||
      fstatat(directory.Get(), first_name.c_str(), &original, AT_SYMLINK_NOFOLLOW) != 0 ||
      ((original.st_mode ^ source.st_mode) & S_IFMT) != 0 || original.st_size != source.st_size) {
    return false;
  }
  if (is_there && original.st_dev == current.st_dev && original.st_ino == current.st_ino) {
    return true;
  }
  TemporaryEntry temporary(context, pair, name);
  const int made = temporary.Create(nullptr, [&](int at, const char* temporary_name) {
    return linkat(directory.Get(), first_name.c_str(), at, temporary_name, 0);
  });
  if (made == 0) {
    temporary.PutInPlace(0);
  }
  return made == 0;
}

void TellCopy(DeliveryContext& context, const OpenPair& pair, const std::string& name,
              const struct stat& source, const struct stat* target, ChangeWay way, uint32_t parts) {
  const std::string path = JoinPath(pair.Path(), name);
  const bool is_new = target == nullptr || ((target->st_mode ^ source.st_mode) & S_IFMT) != 0;
  if (target != nullptr && S_ISDIR(target->st_mode) && context.request.deletes) {
    RemoveTree(context, pair.Target(), name, path, true);
  }
  if (!is_new) {
    parts |= ApplyAttributes(context.request, {{-1, pair.Source(), name.c_str()}, source},
                             {{-1, pair.Target(), name.c_str()}, *target})
                 .parts;
  }
  const uint64_t bytes =
      S_ISREG(source.st_mode) && way != ChangeWay::kLinked ? static_cast<uint64_t>(source.st_size) : 0;
  context.report.Updated(path, bytes, ItemizedChange(source.st_mode, is_new ? ChangeWay::kNew : way, parts));
}

bool ReadLink(int at, const std::string& name, std::string* link) {
  char text[PATH_MAX];
  const ssize_t length = readlinkat(at, name.c_str(), text, sizeof text);
  if (length < 0) {
    return false;
  }
  link->assign(text, static_cast<size_t>(length));
  return true;
}

}  // namespace syncline
