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
#include "copy/open_pair.h"
#include "copy/task_pool.h"

namespace syncline {
namespace {

// Opens a root and makes sure that it is the directory it must be. An errno.
int OpenRoot(const TreeRoot& root, UniqueFd* directory) {
  directory->Reset(open(root.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (!directory->Valid() || fstat(directory->Get(), &status) != 0) {
    return errno;
  }
  return status.st_dev == root.device && status.st_ino == root.inode ? 0 : ENOENT;
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
    context_.report.CountSeen(context_.request.entries.size());
    for (const TreeEntry& entry : context_.request.entries) {
      if (context_.report.Stopped()) {
        break;
      }
      Entry(entry);
    }
    Settle();
    for (const std::string& subtree : context_.request.subtrees) {
      if (context_.report.Stopped()) {
        break;
      }
      Subtree(subtree);
    }
    Settle();
  }

 private:
  void Move(const TreeMove& move) {
    if (IsMoved(move)) {
      context_.report.Moved(move.to);
    } else if (move.is_directory) {
      context_.report.Recheck(move.to);
    } else {
      // What has the name on the target may be another file of the same size and time.
      not_moved_.insert(move.to);
    }
  }

  bool IsMoved(const TreeMove& move) const {
    if (!context_.request.deletes || (move.is_directory && !context_.request.moves_directories)) {
      return false;
    }
    const UniqueFd from = OpenDirectoryBeneath(root_->Target(), std::string(ParentPath(move.from)));
    const UniqueFd to = OpenDirectoryBeneath(root_->Target(), std::string(ParentPath(move.to)));
    const std::string from_name(BaseName(move.from));
    struct stat status {};
    if (!from.Valid() || !to.Valid() ||
        fstatat(from.Get(), from_name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISDIR(status.st_mode) != move.is_directory) {
      return false;
    }
    // rename(2) itself replaces nothing but a file by a file and an empty directory by a directory.
    return renameat(from.Get(), from_name.c_str(), to.Get(), std::string(BaseName(move.to)).c_str()) == 0;
  }

  void Entry(const TreeEntry& entry) {
    if (entry.path.empty()) {
      return;  // The root gets its attributes at the end of every delivery.
    }
    const std::shared_ptr<OpenPair> parent = Reach(std::string(ParentPath(entry.path)), entry.path);
    if (parent && delivered_.insert(entry.path).second) {
      const bool new_content = entry.new_content || not_moved_.contains(entry.path);
      DeliverEntry(context_, parent,
                   {std::string(BaseName(entry.path)), Presence::kUnknown, new_content, false});
    }
    context_.report.CountDone();
  }

  void Subtree(const std::string& path) {
    const std::shared_ptr<OpenPair> pair = Reach(path, path);
    if (pair) {
      context_.pool.AddLarge([&context = context_, pair] { CompareDirectory(context, pair); });
    }
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
        DeliverEntry(context_, pair, {name});
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
  std::unordered_set<std::string> not_moved_;
};

}  // namespace

void DeliverTree(const DeliveryRequest& request, DeliveryReport* report) {
  TaskPool pool(request.threads);
  DeliveryContext context{request, *report, pool};
  UniqueFd source;
  UniqueFd target;
  if (OpenRoot(request.source, &source) != 0) {
    report->Fail(DeliveryFailure::Scope::kSource, "it is not there any more");
    return;
  }
  if (OpenRoot(request.target, &target) != 0) {
    report->Fail(DeliveryFailure::Scope::kTarget, "it is not there any more");
    return;
  }
  TreeDelivery(context, std::make_shared<OpenPair>(context, nullptr, std::string(), std::move(source),
                                                   std::move(target)))
      .Run();
}

}  // namespace syncline
