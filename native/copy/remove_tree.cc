#include "copy/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "copy/directory_access.h"
#include "watch/relative_path.h"

namespace syncline {
namespace {

// A directory that is being emptied.
struct Level {
  UniqueFd directory;
  std::string name;
  std::string path;
  std::vector<ListedName> names;
  size_t next = 0;
  Removal state = Removal::kGone;
};

class TreeRemoval {
 public:
  TreeRemoval(DeliveryContext& context, int at) : context_(context), at_(at) {}

  // An explicit stack: a tree may be deeper than a thread's.
  Removal Run(const std::string& name, const std::string& path) {
    Removal state = Enter(at_, name, path);
    while (!levels_.empty()) {
      if (context_.report.Stopped()) {
        return Removal::kFailed;
      }
      Level& level = levels_.back();
      if (level.next == level.names.size()) {
        state = Leave();
        if (!levels_.empty()) {
          levels_.back().state = std::max(levels_.back().state, state);
        }
        continue;
      }
      const ListedName& listed = level.names[level.next++];
      const Removal one = RemoveListed(level, listed);
      // The entry may have become another level: `level` is not to be used any more.
      Level& holder = levels_[holder_];
      holder.state = std::max(holder.state, one);
    }
    return state;
  }

  Removal RemoveName(int at, const std::string& name, const std::string& path) {
    if (context_.request.dry_run) {
      context_.report.Deleted(path);
      return Removal::kGone;
    }
    if (!context_.MayDelete()) {
      return Removal::kFailed;
    }
    if (unlinkat(at, name.c_str(), 0) == 0) {
      context_.report.Deleted(path);
      return Removal::kGone;
    }
    if (errno == ENOENT) {
      return Removal::kGone;
    }
    context_.report.TargetProblem(path, "unlink", errno);
    return Removal::kFailed;
  }

 private:
  Removal RemoveListed(const Level& level, const ListedName& listed) {
    holder_ = levels_.size() - 1;
    const std::string path = JoinPath(level.path, listed.name);
    const int at = level.directory.Get();
    bool is_directory = listed.type == DT_DIR;
    if (listed.type == DT_UNKNOWN) {
      struct stat status {};
      is_directory =
          fstatat(at, listed.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
    }
    if (context_.request.kept_in_deleted->ExcludesEntry(path, is_directory)) {
      return Removal::kKept;
    }
    const std::string name = listed.name;
    return is_directory ? Enter(at, name, path) : RemoveName(at, name, path);
  }

  Removal Enter(int at, const std::string& name, const std::string& path) {
    mode_t lent_mode = 0;
    Level level{OpenForChanges(context_, at, name.c_str(), &lent_mode), name, path, {}};
    if (!level.directory.Valid()) {
      if (errno == ENOENT) {
        return Removal::kGone;
      }
      if (errno == ENOTDIR || errno == ELOOP) {
        return RemoveName(at, name, path);
      }
      context_.report.TargetProblem(path, "open", errno);
      return Removal::kFailed;
    }
    if (const int error = ListDirectory(level.directory.Get(), &level.names); error != 0) {
      context_.report.TargetProblem(path, "opendir", error);
      return Removal::kFailed;
    }
    levels_.push_back(std::move(level));
    return Removal::kGone;
  }

  Removal Leave() {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    if (level.state != Removal::kGone) {
      return level.state;
    }
    if (context_.request.dry_run) {
      context_.report.Deleted(level.path);
      return Removal::kGone;
    }
    if (!context_.MayDelete()) {
      return Removal::kFailed;
    }
    const int at = levels_.empty() ? at_ : levels_.back().directory.Get();
    if (unlinkat(at, level.name.c_str(), AT_REMOVEDIR) == 0) {
      context_.report.Deleted(level.path);
      return Removal::kGone;
    }
    if (errno == ENOENT) {
      return Removal::kGone;
    }
    context_.report.TargetProblem(level.path, "rmdir", errno);
    return Removal::kFailed;
  }

  DeliveryContext& context_;
  const int at_;
  std::vector<Level> levels_;
  size_t holder_ = 0;
};

}  // namespace

Removal RemoveTree(DeliveryContext& context, int at, const std::string& name, const std::string& path,
                   bool is_directory) {
  TreeRemoval removal(context, at);
  return is_directory ? removal.Run(name, path) : removal.RemoveName(at, name, path);
}

}  // namespace syncline
