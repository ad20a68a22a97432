#include "copy/entry_delivery.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <vector>

#include "copy/directory_access.h"
#include "copy/entry_copy.h"
#include "copy/node_attributes.h"
#include "copy/remove_tree.h"
#include "copy/same_contents.h"
#include "copy/temporary_name.h"
#include "watch/relative_path.h"

namespace syncline {
namespace {

// A file of the same size on both sides: copied if what is in it differs.
void DeliverByContent(DeliveryContext& context, const OpenPair& pair, const std::string& name,
                      const struct stat& source, const struct stat& target) {
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const UniqueFd ours(openat(pair.Source(), name.c_str(), flags));
  const UniqueFd theirs(openat(pair.Target(), name.c_str(), flags));
  const bool is_same = ours.Valid() && theirs.Valid() &&
                       HasSameContents(ours.Get(), theirs.Get(), static_cast<uint64_t>(source.st_size),
                                       [&context] { return !context.report.Stopped(); });
  if (context.report.Stopped()) {
    return;
  }
  if (is_same) {
    CopyAttributesOf(context, pair, name, source, target);
  } else if (context.request.dry_run) {
    TellCopy(context, pair, name, source, &target, ChangeWay::kReplaced, kChangedContent);
  } else {
    CopyFile(context, pair, name);
  }
}

class EntryDelivery {
 public:
  EntryDelivery(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair, const EntryTask& task)
      : context_(context), pair_(pair), task_(task), path_(JoinPath(pair->Path(), task.name)) {}

  void Run() {
    if (IsTemporaryName(task_.name)) {
      return;
    }
    if (fstatat(pair_->Source(), task_.name.c_str(), &source_, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) {
        DeleteEntry(context_, *pair_, task_.name);
      } else {
        context_.report.SourceProblem(path_, "stat", errno);
      }
      return;
    }
    if (context_.request.hidden->ExcludesEntry(path_, S_ISDIR(source_.st_mode))) {
      return;
    }
    if (context_.request.attributes.hard_links && !task_.alone && source_.st_nlink > 1 &&
        !S_ISDIR(source_.st_mode) && !context_.links.IsFirst(source_, path_)) {
      return;
    }
    new_content_ = task_.new_content || (task_.new_content_if_linked && source_.st_nlink > 1);
    switch (source_.st_mode & S_IFMT) {
      case S_IFDIR:
        DeliverDirectory();
        break;
      case S_IFREG:
        DeliverFile();
        break;
      case S_IFLNK:
        DeliverSymlink();
        break;
      default:
        DeliverSpecial();
    }
  }

 private:
  void DeliverDirectory() {
    const std::shared_ptr<OpenPair> below = OpenPair::Open(pair_, task_.name);
    if (below && task_.recursive) {
      CompareDirectory(context_, below, task_.by_content);
    }
  }

  void DeliverFile() {
    const bool dry_run = context_.request.dry_run;
    const std::optional<struct stat> target = new_content_ && !dry_run ? std::nullopt : Target();
    const bool has_size = target && S_ISREG(target->st_mode) && target->st_size == source_.st_size;
    if (has_size && !new_content_ && task_.by_content) {
      context_.pool.AddSmall(
          [&context = context_, pair = pair_, name = task_.name, source = source_, target = *target] {
            if (!context.report.Stopped()) {
              DeliverByContent(context, *pair, name, source, target);
            }
          });
      return;
    }
    if (has_size && !new_content_ && IsTimeEqual(*target)) {
      CopyAttributesOf(context_, *pair_, task_.name, source_, *target);
      return;
    }
    if (dry_run) {
      const uint32_t size = has_size ? 0U : kChangedSize;
      Tell(target, ChangeWay::kReplaced, size | (new_content_ ? kChangedContent : 0U));
      return;
    }
    context_.pool.AddSmall([&context = context_, pair = pair_, name = task_.name] {
      if (!context.report.Stopped()) {
        CopyFile(context, *pair, name);
      }
    });
  }

  void DeliverSymlink() {
    if (!context_.request.attributes.links) {
      return;
    }
    std::string link;
    if (!ReadLink(pair_->Source(), task_.name, &link)) {
      // Something else by now.
      context_.report.Recheck(path_);
      return;
    }
    const std::optional<struct stat> target = Target();
    std::string existing;
    if (target && S_ISLNK(target->st_mode) && ReadLink(pair_->Target(), task_.name, &existing) &&
        existing == link) {
      CopyAttributesOf(context_, *pair_, task_.name, source_, *target);
    } else if (context_.request.dry_run) {
      Tell(target, ChangeWay::kReplaced, kChangedContent);
    } else {
      CopySymlink(context_, *pair_, task_.name, source_, link);
    }
  }

  void DeliverSpecial() {
    const bool is_device = S_ISBLK(source_.st_mode) || S_ISCHR(source_.st_mode);
    const CopyAttributes& attributes = context_.request.attributes;
    // Devices are made by root alone, as by rsync.
    if (is_device ? !attributes.devices || geteuid() != 0 : !attributes.specials) {
      return;
    }
    const std::optional<struct stat> target = Target();
    const bool is_same = target && ((target->st_mode ^ source_.st_mode) & S_IFMT) == 0 &&
                         (!is_device || target->st_rdev == source_.st_rdev);
    if (is_same) {
      CopyAttributesOf(context_, *pair_, task_.name, source_, *target);
    } else if (context_.request.dry_run) {
      Tell(target, ChangeWay::kReplaced, kChangedContent);
    } else {
      CopySpecial(context_, *pair_, task_.name, source_);
    }
  }

  void Tell(const std::optional<struct stat>& target, ChangeWay way, uint32_t parts) const {
    TellCopy(context_, *pair_, task_.name, source_, target ? &*target : nullptr, way, parts);
  }

  std::optional<struct stat> Target() const {
    struct stat status {};
    if (task_.presence == Presence::kAbsent ||
        fstatat(pair_->Target(), task_.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return std::nullopt;
    }
    return status;
  }

  bool IsTimeEqual(const struct stat& target) const {
    const timespec ours = ModifiedTime(source_);
    const timespec theirs = ModifiedTime(target);
    if (IsSameTime(ours, theirs)) {
      return true;
    }
    // FAT keeps two seconds.
    return context_.keeps_seconds_only && theirs.tv_nsec == 0 && std::llabs(ours.tv_sec - theirs.tv_sec) <= 1;
  }

  DeliveryContext& context_;
  const std::shared_ptr<OpenPair>& pair_;
  const EntryTask& task_;
  const std::string path_;
  bool new_content_ = false;
  struct stat source_ {};
};

bool IsDirectoryAt(int at, const ListedName& listed) {
  if (listed.type != DT_UNKNOWN) {
    return listed.type == DT_DIR;
  }
  struct stat status {};
  return fstatat(at, listed.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

// Both sides of one directory, side by side in the order of their names.
class DirectoryComparison {
 public:
  DirectoryComparison(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair, bool by_content)
      : context_(context), pair_(pair), by_content_(by_content) {}

  void Run() {
    std::vector<ListedName> here;
    std::vector<ListedName> there;
    // Without a whole list of the source nothing may be deleted.
    if (const int error = ListDirectory(pair_->Source(), &here); error != 0) {
      context_.report.SourceProblem(pair_->Path(), "opendir", error);
      return;
    }
    if (!pair_->Made()) {
      if (const int error = ListDirectory(pair_->Target(), &there); error != 0) {
        context_.report.TargetProblem(pair_->Path(), "opendir", error);
        return;
      }
    }
    context_.report.CountSeen(here.size());
    // What is too much goes first: where names are found by another case, it may be found by one of ours.
    const std::vector<std::optional<Presence>> presences = DeleteTooMuch(here, there);
    for (size_t i = 0; i < here.size() && !context_.report.Stopped(); ++i) {
      if (presences[i]) {
        Deliver(here[i], *presences[i]);
      } else {
        context_.report.CountDone();
      }
    }
  }

 private:
  // What is known of each of ours on the target; nothing for those that are left out.
  std::vector<std::optional<Presence>> DeleteTooMuch(const std::vector<ListedName>& here,
                                                     const std::vector<ListedName>& there) {
    std::vector<std::optional<Presence>> presences(here.size());
    auto theirs = there.begin();
    for (size_t i = 0; i < here.size() && !context_.report.Stopped(); ++i) {
      for (; theirs != there.end() && theirs->name < here[i].name; ++theirs) {
        DeleteExtraneous(*theirs);
      }
      const bool both = theirs != there.end() && theirs->name == here[i].name;
      if (!IsLeftOut(here[i])) {
        presences[i] = both ? Presence::kUnknown : Presence::kAbsent;
      } else if (both) {
        DeleteExtraneous(*theirs);
      }
      theirs += both ? 1 : 0;
    }
    for (; theirs != there.end() && !context_.report.Stopped(); ++theirs) {
      DeleteExtraneous(*theirs);
    }
    return presences;
  }

  bool IsLeftOut(const ListedName& ours) const {
    return IsTemporaryName(ours.name) ||
           context_.request.hidden->ExcludesEntry(JoinPath(pair_->Path(), ours.name),
                                                  IsDirectoryAt(pair_->Source(), ours));
  }

  void Deliver(const ListedName& ours, Presence presence) {
    EntryTask task{.name = ours.name, .presence = presence, .recursive = true, .by_content = by_content_};
    // Never in each other: a tree may be deeper than a thread's stack.
    if (IsDirectoryAt(pair_->Source(), ours)) {
      context_.pool.AddLarge([&context = context_, pair = pair_, task = std::move(task)] {
        if (!context.report.Stopped()) {
          DeliverEntry(context, pair, task);
          context.report.CountDone();
        }
      });
      return;
    }
    DeliverEntry(context_, pair_, task);
    context_.report.CountDone();
  }

  void DeleteExtraneous(const ListedName& theirs) {
    // What a crash left, whatever the policy is.
    if (IsTemporaryName(theirs.name) && !IsDirectoryAt(pair_->Target(), theirs)) {
      if (!context_.request.dry_run && unlinkat(pair_->Target(), theirs.name.c_str(), 0) == 0) {
        context_.report.Deleted(JoinPath(pair_->Path(), theirs.name));
      }
      return;
    }
    DeleteEntry(context_, *pair_, theirs.name);
  }

  DeliveryContext& context_;
  const std::shared_ptr<OpenPair>& pair_;
  const bool by_content_;
};

}  // namespace

void DeliverEntry(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair, const EntryTask& task) {
  EntryDelivery(context, pair, task).Run();
}

void DeleteEntry(DeliveryContext& context, const OpenPair& pair, const std::string& name) {
  struct stat status {};
  if (!context.request.deletes || fstatat(pair.Target(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return;
  }
  const std::string path = JoinPath(pair.Path(), name);
  const bool is_directory = S_ISDIR(status.st_mode);
  if (!context.request.kept->ExcludesEntry(path, is_directory)) {
    RemoveTree(context, pair.Target(), name, path, is_directory);
  }
}

void DeliverLink(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair, const std::string& name,
                 const std::string& first, bool new_content) {
  const DeliveryReport::Trouble trouble = context.report.TroubleWith(first);
  if (trouble == DeliveryReport::Trouble::kRecheck) {
    // Looked at again together with the first name, so that both stay one file.
    context.report.Recheck(JoinPath(pair->Path(), name));
    return;
  }
  struct stat source {};
  if (trouble == DeliveryReport::Trouble::kProblem ||
      fstatat(pair->Source(), name.c_str(), &source, AT_SYMLINK_NOFOLLOW) != 0 ||
      !LinkEntry(context, *pair, name, source, first)) {
    DeliverEntry(context, pair, {.name = name, .new_content = new_content, .alone = true});
  }
}

void CompareDirectory(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair, bool by_content) {
  DirectoryComparison(context, pair, by_content).Run();
}

}  // namespace syncline
