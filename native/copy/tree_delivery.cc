#include "copy/tree_delivery.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "copy/directory_access.h"
#include "copy/entry_delivery.h"
#include "copy/node_attributes.h"
#include "copy/open_pair.h"
#include "copy/task_pool.h"
#include "watch/relative_path.h"

namespace syncline {
namespace {

// Opens a root and makes sure that it is the directory it must be. An errno.
int OpenRoot(const TreeRoot& root, UniqueFd* directory) {
  directory->Reset(open(root.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (!directory->Valid() || fstat(directory->Get(), &status) != 0) {
    return errno;
  }
  return static_cast<uint64_t>(status.st_dev) == root.device && status.st_ino == root.inode ? 0 : ENOENT;
}

// A time that a clock of 100 ns (NTFS; FAT has a coarser one) could not show tells that nanoseconds are kept.
// A dry run, which writes no file to learn it by, takes them as not kept else.
void LearnTimes(DeliveryContext& context, int root) {
  struct stat status {};
  if (root < 0 || fstat(root, &status) != 0) {
    return;
  }
  context.keeps_nanoseconds =
      ModifiedTime(status).tv_nsec % 100 != 0 || ChangedTime(status).tv_nsec % 100 != 0;
  context.keeps_seconds_only = context.request.dry_run && !context.keeps_nanoseconds;
}

class TreeDelivery {
 public:
  TreeDelivery(DeliveryContext& context, std::shared_ptr<OpenPair> root)
      : context_(context), root_(std::move(root)) {}

  void Run() {
    for (const TreeMove& move : context_.request.moves) {
      if (context_.report.Stopped()) {
        return;
      }
      Move(move);
    }
    ForgetMade();
    context_.report.CountSeen(context_.request.entries.size());
    // What was written under one name is new under each.
    const std::vector<TreeEntry>& entries = context_.request.entries;
    rewrites_links_ =
        context_.request.attributes.hard_links &&
        std::any_of(entries.begin(), entries.end(), [](const TreeEntry& entry) { return entry.new_content; });
    for (const TreeEntry& entry : context_.request.entries) {
      if (context_.report.Stopped()) {
        break;
      }
      Entry(entry);
    }
    Settle();
    Compare(context_.request.subtrees, false);
    Compare(context_.request.content_subtrees, true);
    Link(context_.links.TakeLater());
  }

 private:
  void Move(const TreeMove& move) {
    if (IsMoved(move)) {
      context_.report.Moved(move.to);
    } else {
      context_.report.Missed(move.to);
    }
  }

  bool IsMoved(const TreeMove& move) {
    if (!context_.request.deletes || (move.is_directory && !context_.request.moves_directories)) {
      return false;
    }
    const UniqueFd from = OpenDirectoryBeneath(root_->Target(), std::string(ParentPath(move.from)));
    const std::string from_name(BaseName(move.from));
    const std::string to_name(BaseName(move.to));
    struct stat status {};
    if (!from.Valid() || fstatat(from.Get(), from_name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISDIR(status.st_mode) != move.is_directory) {
      return false;
    }
    const UniqueFd to = OpenOrMake(std::string(ParentPath(move.to)));
    if (!to.Valid()) {
      return false;
    }
    struct stat replaced {};
    const bool is_same_file = !move.is_directory && status.st_nlink > 1 &&
                              fstatat(to.Get(), to_name.c_str(), &replaced, AT_SYMLINK_NOFOLLOW) == 0 &&
                              replaced.st_dev == status.st_dev && replaced.st_ino == status.st_ino;
    // It replaces nothing but a file by a file and an empty directory by a directory.
    if (renameat(from.Get(), from_name.c_str(), to.Get(), to_name.c_str()) != 0) {
      return false;
    }
    return !is_same_file || IsOldNameGone(from.Get(), from_name);
  }

  // Of two names of one file rename(2) leaves both. Where names are found by another case it may have been
  // one name, which the directory has in the new spelling alone.
  static bool IsOldNameGone(int directory, const std::string& name) {
    std::vector<ListedName> names;
    if (ListDirectory(directory, &names) != 0) {
      return false;
    }
    const bool is_left = std::any_of(names.begin(), names.end(),
                                     [&name](const ListedName& listed) { return listed.name == name; });
    return !is_left || unlinkat(directory, name.c_str(), 0) == 0;
  }

  // A directory of the target that something is moved into; made where it is missing, for now by its name
  // alone.
  UniqueFd OpenOrMake(const std::string& path) {
    UniqueFd directory = OpenDirectoryBeneath(root_->Target(), path);
    if (directory.Valid() || errno != ENOENT || path.empty()) {
      return directory;
    }
    const UniqueFd parent = OpenOrMake(std::string(ParentPath(path)));
    if (!parent.Valid()) {
      return {};
    }
    const std::string name(BaseName(path));
    if (mkdirat(parent.Get(), name.c_str(), S_IRWXU) == 0) {
      made_.push_back(path);
    }
    return OpenDirectory(parent.Get(), name.c_str());
  }

  // Takes those away again that were but stations of a move, and which no name of the batch may speak of.
  void ForgetMade() {
    for (; !made_.empty(); made_.pop_back()) {
      const std::string& path = made_.back();
      if (OpenDirectoryBeneath(root_->Source(), path).Valid()) {
        continue;
      }
      const UniqueFd parent = OpenDirectoryBeneath(root_->Target(), std::string(ParentPath(path)));
      if (parent.Valid()) {
        unlinkat(parent.Get(), std::string(BaseName(path)).c_str(), AT_REMOVEDIR);
      }
    }
  }

  void Entry(const TreeEntry& entry) {
    if (entry.path.empty()) {
      return;  // The root gets its attributes at the end of every delivery.
    }
    const std::shared_ptr<OpenPair> parent = Reach(std::string(ParentPath(entry.path)), entry.path);
    if (parent && delivered_.insert(entry.path).second) {
      DeliverEntry(context_, parent,
                   {.name = std::string(BaseName(entry.path)),
                    .new_content = entry.new_content,
                    .new_content_if_linked = rewrites_links_});
    }
    context_.report.CountDone();
  }

  void Compare(const std::vector<std::string>& subtrees, bool by_content) {
    for (const std::string& path : subtrees) {
      if (context_.report.Stopped()) {
        break;
      }
      const std::shared_ptr<OpenPair> pair = Reach(path, path);
      if (pair) {
        context_.pool.AddLarge(
            [&context = context_, pair, by_content] { CompareDirectory(context, pair, by_content); });
      }
    }
    Settle();
  }

  void Link(std::vector<LinkedNames::Later> names) {
    std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    for (const LinkedNames::Later& later : names) {
      if (context_.report.Stopped()) {
        break;
      }
      const std::shared_ptr<OpenPair> parent = Reach(std::string(ParentPath(later.path)), later.path);
      if (parent) {
        DeliverLink(context_, parent, std::string(BaseName(later.path)), later.first, rewrites_links_);
      }
    }
    Settle();
  }

  // The pair of a directory. A part of the way that is missing on the source, or no directory there, is
  // brought up to date instead, and null returned. Where the way cannot be gone, `wanted` is reported to be
  // looked at again.
  std::shared_ptr<OpenPair> Reach(const std::string& path, const std::string& wanted) {
    if (!blocked_.empty() && (path == blocked_ || path.starts_with(blocked_ + '/'))) {
      if (block_ == Block::kFailed) {
        context_.report.Recheck(wanted);
      }
      return nullptr;
    }
    while (!way_.empty() && path != way_.back()->Path() && !path.starts_with(way_.back()->Path() + '/')) {
      way_.pop_back();
    }
    std::shared_ptr<OpenPair> pair = way_.empty() ? root_ : way_.back();
    while (pair->Path().size() < path.size()) {
      const size_t at = pair->Path().empty() ? 0 : pair->Path().size() + 1;
      const std::string name = path.substr(at, std::min(path.find('/', at), path.size()) - at);
      pair = Descend(pair, name);
      if (!pair) {
        blocked_ = path.substr(0, at + name.size());
        if (block_ == Block::kFailed) {
          context_.report.Recheck(wanted);
        }
        return nullptr;
      }
      way_.push_back(pair);
    }
    return pair;
  }

  std::shared_ptr<OpenPair> Descend(const std::shared_ptr<OpenPair>& pair, const std::string& name) {
    const std::string path = JoinPath(pair->Path(), name);
    struct stat status {};
    block_ = Block::kDelivered;
    if (fstatat(pair->Source(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(status.st_mode)) {
      // Once only: two tasks must not work at one name.
      if (delivered_.insert(path).second) {
        DeliverEntry(context_, pair, {.name = name});
      }
      return nullptr;
    }
    if (context_.request.hidden->ExcludesEntry(path, true)) {
      return nullptr;
    }
    block_ = Block::kFailed;
    return OpenPair::Open(pair, name);
  }

  // Waits for all tasks; lets go of every directory but the root.
  void Settle() {
    way_.clear();
    blocked_.clear();
    context_.pool.Finish();
  }

  DeliveryContext& context_;
  const std::shared_ptr<OpenPair> root_;
  // The directories from below the root to the last one reached, each in the one before.
  std::vector<std::shared_ptr<OpenPair>> way_;
  // A name that is no directory on the source, or cannot be made one on the target.
  std::string blocked_;
  enum class Block { kDelivered, kFailed };
  Block block_ = Block::kDelivered;
  // Names brought up to date in this delivery.
  std::unordered_set<std::string> delivered_;
  // Directories that moves needed, of the target.
  std::vector<std::string> made_;
  bool rewrites_links_ = false;
};

}  // namespace

void DeliverTree(const DeliveryRequest& request, DeliveryReport* report) {
  TaskPool pool(request.threads);
  DeliveryContext context{.request = request, .report = *report, .pool = pool};
  UniqueFd source;
  UniqueFd target;
  if (OpenRoot(request.source, &source) != 0) {
    report->Fail(DeliveryFailure::Scope::kSource, "it is not there any more");
    return;
  }
  if (request.target ? OpenRoot(*request.target, &target) != 0 : !request.dry_run) {
    report->Fail(DeliveryFailure::Scope::kTarget, "it is not there any more");
    return;
  }
  LearnTimes(context, target.Get());
  context.target_root = target.Get();
  const bool made = !target.Valid();
  TreeDelivery(context, std::make_shared<OpenPair>(context, nullptr, std::string(), std::move(source),
                                                   std::move(target), made))
      .Run();
}

}  // namespace syncline
