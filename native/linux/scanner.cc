#include "linux/scanner.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace syncline {

const uint32_t kWatchMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY |
                            IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

namespace {

constexpr size_t kListBytes = size_t{128} << 10;

// The layout getdents64 writes.
struct LinuxDirent {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[1];
};

}  // namespace

void Scanner::Start(uint32_t threads) {
  for (uint32_t i = 0; i < threads; i++) {
    workers_.push_back(std::make_unique<Worker>());
  }
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->thread = std::thread([this, at = worker.get()] { Run(at); });
  }
}

void Scanner::Stop() {
  tree_->queue.Close();
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (worker->thread.joinable()) {
      worker->thread.join();
    }
  }
}

void Scanner::WaitForRegistrations() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    const std::lock_guard lock(worker->registration);
  }
}

void Scanner::Run(Worker* worker) {
  UseOwnWorkingDirectory();
  worker->buffer.resize(kListBytes);
  ScanGroup work;
  for (;;) {
    if (!tree_->queue.TryTake(&work)) {
      // A thread that waits keeps nothing busy: the file system may be unmounted.
      worker->root.reset();
      LeaveWorkingDirectory();
      if (!tree_->queue.Take(&work)) {
        return;
      }
    }
    for (const NodeRef ref : work.nodes) {
      Scan(worker, work, ref);
    }
    work.parent.reset();
    tree_->queue.Done(work);
    on_progress_();
  }
}

void Scanner::Scan(Worker* worker, const ScanGroup& work, NodeRef ref) {
  Place place{};
  UniqueFd fd(Open(worker, work, ref, &place));
  if (!fd.Valid()) {
    OpenFailed(work, ref, place, errno);
    return;
  }
  const Verdict verdict = Watch(worker, work, &ref, &place, fd.Get());
  if (verdict == Verdict::kList || verdict == Verdict::kListAndSweep) {
    List(worker, work, ref, place, std::move(fd), verdict == Verdict::kListAndSweep);
  }
}

int Scanner::Open(Worker* worker, const ScanGroup& work, NodeRef ref, Place* place) {
  DirectoryTable& table = tree_->table;
  bool from_parent = false;
  {
    const std::lock_guard lock(tree_->mutex);
    if (!table.Alive(ref)) {
      place->parent = DirectoryTable::kNone;
      errno = ECANCELED;
      return -1;
    }
    place->parent = table.ParentOf(ref.id);
    place->flags = kReport | kRelist | kDeep | kDeferred;
    for (const uint32_t flag : {kReport, kRelist, kDeep, kDeferred}) {
      place->flags &= table.Has(ref.id, flag) ? ~0U : ~flag;
    }
    table.Clear(ref.id, kQueued | kReport | kRelist | kDeep | kDeferred);
    if (ref.id != DirectoryTable::kRoot) {
      place->name = table.NameOf(ref.id);
    }
    from_parent = work.parent && place->parent == work.parent->node.id && table.Alive(work.parent->node) &&
                  work.parent->watch != DirectoryTable::kNoWatch &&
                  work.parent->watch == table.WatchOf(place->parent);
    place->by_path = !from_parent;
    if (!from_parent && !table.PathOf(ref.id, &worker->path)) {
      // In a subtree whose new place is not known yet: scanned from its top when it is.
      uint32_t top = ref.id;
      while (table.ParentOf(top) != DirectoryTable::kNone) {
        top = table.ParentOf(top);
      }
      table.Set(top, kLimboDirty);
      errno = ECANCELED;
      return -1;
    }
  }
  if (from_parent) {
    return tree_->calls->OpenChild(work.parent->fd.Get(), place->name.c_str());
  }
  if (!worker->root) {
    worker->root = tree_->OpenRoot();
  }
  if (!worker->root) {
    errno = ESTALE;
    return -1;
  }
  return OpenBeneath(tree_->calls, worker->root->fd.Get(), worker->path.data(), worker->path.size());
}

void Scanner::OpenFailed(const ScanGroup& work, NodeRef ref, const Place& place, int error) {
  if (error == ECANCELED) {
    return;
  }
  const std::lock_guard lock(tree_->mutex);
  DirectoryTable& table = tree_->table;
  if (!table.Alive(ref)) {
    return;
  }
  if (error == ESTALE) {
    table.Set(ref.id,
              place.flags);  // The root is gone or replaced; when it is back everything is scanned anew.
    return;
  }
  const bool same_place = ref.id == DirectoryTable::kRoot ||
                          (table.ParentOf(ref.id) == place.parent && table.NameOf(ref.id) == place.name);
  if (!same_place) {
    tree_->EnqueueScan(ref.id, place.flags, &work);
    return;
  }
  if (error == ENOENT || error == ENOTDIR || error == ELOOP) {
    const bool below_root = place.parent == DirectoryTable::kRoot;
    if (place.by_path && ref.id != DirectoryTable::kRoot && !below_root) {
      tree_->doubtful = tree_->doubtful || (place.flags & kDeferred) != 0;
      // It may be a directory above it that is not there any more.
      table.Set(ref.id, place.flags & (kReport | kRelist | kDeep));
      if ((place.flags & kDeferred) == 0) {
        table.Set(ref.id, kDeferred);
        tree_->deferred.push_back(ref);
      } else {
        tree_->EnqueueScan(place.parent, kRelist, &work);
      }
    } else if (ref.id != DirectoryTable::kRoot) {
      const uint32_t parent = place.parent;
      tree_->Remove(ref.id);
      tree_->EmitChanged(parent, place.name, 0);
    }
    return;
  }
  table.Set(ref.id, place.flags & (kReport | kRelist | kDeep));
  MarkBlind(ref.id, CoverageReason::kUnreadable, error);
}

void Scanner::MarkBlind(uint32_t id, CoverageReason reason, int error) {
  DirectoryTable& table = tree_->table;
  if (table.Has(id, kBlind)) {
    return;
  }
  table.Set(id, kBlind);
  tree_->blind.push_back(table.RefOf(id));
  std::string path;
  if (table.PathOf(id, &path)) {
    tree_->EmitCoverage(path, CoverageState::kBlind, reason, error);
  }
}

Scanner::Verdict Scanner::Watch(Worker* worker, const ScanGroup& work, NodeRef* ref, Place* place, int fd) {
  const std::lock_guard registering(worker->registration);
  int watch = -1;
  int error = 0;
  bool skip = false;
  {
    const std::lock_guard lock(tree_->mutex);
    skip = tree_->limit_reached;
  }
  if (skip) {
    error = ENOSPC;
  } else {
    watch = tree_->calls->AddWatch(tree_->inotify_fd, fd, kWatchMask);
    error = watch < 0 ? errno : 0;
  }
  return Register(worker, work, ref, place, fd, watch, error);
}

Scanner::Verdict Scanner::Register(Worker* worker, const ScanGroup& work, NodeRef* ref, Place* place, int fd,
                                   int watch, int error) {
  const std::lock_guard lock(tree_->mutex);
  DirectoryTable& table = tree_->table;
  if (!table.Alive(*ref)) {
    const uint32_t owner = watch >= 0 ? tree_->watches.Find(watch) : DirectoryTable::kRoot;
    if (owner == WatchMap::kUnknown || owner == WatchMap::kRetired) {
      tree_->watches.Set(watch, WatchMap::kRetired);
      inotify_rm_watch(tree_->inotify_fd, watch);
    }
    return Verdict::kGone;
  }
  uint32_t id = ref->id;
  bool fresh = false;
  if (watch < 0) {
    if (error != ENOSPC) {
      MarkBlind(id, error == EACCES ? CoverageReason::kUnreadable : CoverageReason::kOtherFileSystem, error);
      return Verdict::kNothing;
    }
    // Listed without a watch, so that the number needed becomes known.
    tree_->limit_reached = true;
    if (table.WatchOf(id) == DirectoryTable::kNoWatch && !table.Has(id, kUnwatched)) {
      table.Set(id, kUnwatched);
      tree_->unwatched++;
      tree_->over_limit.push_back(*ref);
    }
    fresh = !table.Has(id, kComplete);
  } else {
    const uint32_t owner = tree_->watches.Find(watch);
    if (owner < WatchMap::kRetired && owner != id) {
      // The directory is known by another name: it has moved here, unless both names lead to it (a bind
      // mount).
      if (table.ParentOf(id) == DirectoryTable::kNone) {
        table.Set(id, kLimboDirty);  // Its own place is not known: scanned when it is.
        return Verdict::kNothing;
      }
      if (owner == DirectoryTable::kRoot || IsAlias(worker, id, owner, fd)) {
        MarkBlind(id, CoverageReason::kOtherFileSystem, EXDEV);
        return Verdict::kNothing;
      }
      tree_->doubtful = true;
      if (table.IsWithin(id, owner)) {
        // As the table has it, it was moved below itself: something else has its old name.
        table.SetWatch(owner, DirectoryTable::kNoWatch);
        tree_->EnqueueScan(owner, kRelist | kDeep, &work);
        tree_->watches.Set(watch, id);
        table.SetWatch(id, watch);
        tree_->EmitRescan(id, RescanReason::kMovedIn);
        place->flags |= kRelist | kDeep;
      } else {
        const bool had_place = table.ParentOf(owner) != DirectoryTable::kNone;
        const NodeRef old_parent = had_place ? table.RefOf(table.ParentOf(owner)) : NodeRef{};
        const std::string old_name(table.NameOf(owner));
        const NodeRef moved = table.RefOf(owner);
        const uint32_t parent = table.ParentOf(id);
        tree_->MoveTo(owner, parent, std::string(table.NameOf(id)));
        if (!table.Alive(moved)) {
          return Verdict::kGone;
        }
        *ref = moved;
        id = moved.id;
        tree_->EmitRescan(id, RescanReason::kMovedIn);
        if (had_place && table.Alive(old_parent)) {
          tree_->EmitChanged(old_parent.id, old_name, kIsDirectory);
          tree_->AddDirectory(old_parent.id, old_name, kReport);
        }
        fresh = true;  // What the table had here as its children it may not know.
      }
    } else if (owner != id) {
      const int32_t old_watch = table.WatchOf(id);
      if (old_watch != DirectoryTable::kNoWatch && tree_->watches.Find(old_watch) == id) {
        tree_->watches.Set(old_watch, WatchMap::kRetired);
        inotify_rm_watch(tree_->inotify_fd, old_watch);
      }
      fresh = true;
      tree_->watches.Set(watch, id);
      table.SetWatch(id, watch);
      if (table.Has(id, kLost)) {
        table.Clear(id, kLost);
        tree_->EmitRescan(id == DirectoryTable::kRoot ? id : table.ParentOf(id), RescanReason::kRecovered);
      } else if ((place->flags & kDeep) != 0 && tree_->in_pass) {
        tree_->found_unwatched = true;
      } else if ((place->flags & kDeep) != 0 || table.Has(id, kComplete)) {
        // Whoever compares at once may be here before the watch was: once more, now that it is set.
        tree_->EmitRescan(id, RescanReason::kRecovered);
      }
      if (table.Has(id, kComplete) || table.FirstChildOf(id) != DirectoryTable::kNone) {
        tree_->doubtful = true;
        place->flags |= kDeep;  // Another directory has its name: what is known below it was of the other.
      }
    }
    table.Clear(id, kDying);
    if (table.Has(id, kUnwatched)) {
      table.Clear(id, kUnwatched);
      tree_->unwatched--;
      tree_->EmitRescan(id, RescanReason::kRecovered);
      fresh = true;
    }
    if (table.Has(id, kBlind)) {
      table.Clear(id, kBlind);
      std::string path;
      if (table.PathOf(id, &path)) {
        tree_->EmitCoverage(path, CoverageState::kWatching, CoverageReason::kRecovered, 0);
        tree_->records.Rescan(path, RescanReason::kRecovered);
      }
      place->flags |= kDeep;  // So is what is below, when it is watched.
    }
  }
  if (!fresh && (place->flags & kRelist) == 0 && table.Has(id, kComplete)) {
    return Verdict::kNothing;
  }
  if (table.Has(id, kScanning)) {
    table.Set(id, kRelist | (place->flags & (kReport | kDeep)));  // Whoever is at it queues it again.
    return Verdict::kNothing;
  }
  table.Set(id, kScanning | kComplete);
  const bool sweep = table.FirstChildOf(id) != DirectoryTable::kNone;
  for (uint32_t child = table.FirstChildOf(id); child != DirectoryTable::kNone;
       child = table.NextSiblingOf(child)) {
    table.Clear(child, kSeen);
  }
  return sweep ? Verdict::kListAndSweep : Verdict::kList;
}

bool Scanner::IsAlias(Worker* worker, uint32_t id, uint32_t owner, int fd) {
  RootIdentity here;
  if (IdentifyDirectory(fd, &here) != 0) {
    return false;
  }
  if (!worker->root) {
    worker->root = tree_->OpenRoot();
  }
  // The other place first, then this one again: a directory on the move is not at both.
  for (const uint32_t at : {owner, id}) {
    std::string path;
    RootIdentity there;
    if (!worker->root || !tree_->table.PathOf(at, &path)) {
      return false;
    }
    const UniqueFd opened(OpenBeneath(tree_->calls, worker->root->fd.Get(), path.data(), path.size()));
    if (!opened.Valid() || IdentifyDirectory(opened.Get(), &there) != 0 || here != there) {
      return false;
    }
  }
  return true;
}

void Scanner::List(Worker* worker, const ScanGroup& work, NodeRef ref, const Place& place, UniqueFd fd,
                   bool sweep) {
  std::shared_ptr<OpenDirectory> opened;
  const int descriptor = fd.Get();
  uint64_t count = 0;
  ssize_t size = 0;
  for (;;) {
    size = syscall(SYS_getdents64, descriptor, worker->buffer.data(), worker->buffer.size());
    if (size <= 0) {
      break;
    }
    ReadEntries(worker, descriptor, static_cast<size_t>(size));
    count += worker->entries.size();
    AddEntries(worker, work, ref, place, &opened, &fd);
  }
  const int error = size < 0 ? errno : 0;
  tree_->scanned_entries += count;
  tree_->scanned_directories++;
  const std::lock_guard lock(tree_->mutex);
  DirectoryTable& table = tree_->table;
  if (!table.Alive(ref)) {
    return;
  }
  table.Clear(ref.id, kScanning);
  if (error != 0 && error != ENOENT) {
    MarkBlind(ref.id, CoverageReason::kUnreadable, error);
  } else if (sweep && error == 0) {
    Sweep(ref.id);
  }
  if (table.Has(ref.id, kRelist)) {
    tree_->EnqueueScan(ref.id, 0, &work);
  }
}

void Scanner::ReadEntries(Worker* worker, int fd, size_t size) {
  worker->entries.clear();
  for (size_t at = 0; at < size;) {
    const char* record = worker->buffer.data() + at;
    uint16_t length = 0;
    std::memcpy(&length, record + offsetof(LinuxDirent, length), sizeof length);
    at += length;
    const char* name = record + offsetof(LinuxDirent, name);
    if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0))) {
      continue;
    }
    auto type = static_cast<uint8_t>(record[offsetof(LinuxDirent, type)]);
    if (type == DT_UNKNOWN) {
      struct stat status {};
      type =
          fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) ? DT_DIR : DT_REG;
    }
    worker->entries.push_back({name, type == DT_DIR});
  }
}

void Scanner::AddEntries(Worker* worker, const ScanGroup& work, NodeRef ref, const Place& place,
                         std::shared_ptr<OpenDirectory>* opened, UniqueFd* fd) {
  const bool report = (place.flags & kReport) != 0;
  bool any = report;
  for (const Entry& entry : worker->entries) {
    any = any || entry.is_directory;
  }
  if (!any) {
    return;
  }
  ScanGroup found;
  const std::lock_guard lock(tree_->mutex);
  DirectoryTable& table = tree_->table;
  if (!table.Alive(ref)) {
    return;
  }
  for (const Entry& entry : worker->entries) {
    if (report) {
      tree_->EmitChanged(ref.id, entry.name,
                         static_cast<uint8_t>(kListed | (entry.is_directory ? kIsDirectory : 0)));
    }
    if (!entry.is_directory) {
      continue;
    }
    tree_->AddListed(ref.id, entry.name, place.flags & (kReport | kDeep), &found.nodes);
  }
  if (found.nodes.empty()) {
    return;
  }
  if (!*opened && tree_->queue.MayKeepOpen()) {
    *opened =
        std::make_shared<OpenDirectory>(std::move(*fd), ref, table.WatchOf(ref.id), tree_->queue.OpenCount());
  }
  found.parent = *opened;
  tree_->queue.PushInEpochOf(work, std::move(found));
}

void Scanner::Sweep(uint32_t id) {
  DirectoryTable& table = tree_->table;
  for (uint32_t child = table.FirstChildOf(id); child != DirectoryTable::kNone;) {
    const uint32_t next = table.NextSiblingOf(child);
    if (!table.Has(child, kSeen)) {
      tree_->Remove(child);
    }
    child = next;
  }
}

}  // namespace syncline
