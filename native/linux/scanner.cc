#include "linux/scanner.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <utility>

namespace syncline {

const uint32_t kWatchMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY |
                            IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK |
                            IN_MASK_ADD;

namespace {

constexpr size_t kListBytes = size_t{128} << 10;
// With less room left than this, what was read is taken in before more is read.
constexpr size_t kLeastListBytes = size_t{32} << 10;

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
        break;
      }
    }
    BeginAttempts(worker, work);
    for (Attempt& attempt : worker->attempts) {
      Scan(worker, work, &attempt);
    }
    worker->attempts.clear();
    if (!SettleWaiting(worker, work)) {
      break;
    }
    work.parent.reset();
    if (tree_->queue.Done(work)) {
      on_progress_();
    }
  }
  work.parent.reset();
  worker->waiting.clear();
  worker->root.reset();
  LeaveWorkingDirectory();
}

void Scanner::Scan(Worker* worker, const ScanGroup& work, Attempt* attempt) {
  Open(worker, work, attempt);
  Verdict verdict = Verdict::kNothing;
  const bool caught_up = reader_->CaughtUp();
  bool settled = false;
  {
    const WatchedTree::WorkLock lock(tree_, work);
    if (caught_up && FitsTable(*attempt)) {
      settled = true;
      verdict = Settle(worker, attempt);
    }
  }
  if (!settled) {
    AwaitParentLock(work, *attempt);
    worker->waiting.push_back(std::move(*attempt));
  } else if (verdict != Verdict::kNothing) {
    List(worker, work, attempt, verdict == Verdict::kListAndSweep);
    attempt->fd.Reset(-1);
  }
}

bool Scanner::SettleWaiting(Worker* worker, const ScanGroup& work) {
  if (worker->waiting.empty()) {
    return true;
  }
  if (!reader_->AwaitApplied()) {
    return false;
  }
  for (Attempt& attempt : worker->waiting) {
    Verdict verdict = Verdict::kNothing;
    {
      const WatchedTree::WorkLock lock(tree_, work);
      verdict = Settle(worker, &attempt);
    }
    if (verdict != Verdict::kNothing) {
      List(worker, work, &attempt, verdict == Verdict::kListAndSweep);
    }
  }
  worker->waiting.clear();
  return true;
}

void Scanner::BeginAttempts(Worker* worker, const ScanGroup& work) {
  const std::lock_guard lock(tree_->mutex);
  for (const NodeRef ref : work.nodes) {
    Attempt& attempt = worker->attempts.emplace_back();
    attempt.ref = ref;
    if (!BeginAttempt(work, &attempt)) {
      worker->attempts.pop_back();
    }
  }
}

bool Scanner::BeginAttempt(const ScanGroup& work, Attempt* attempt) {
  DirectoryTable& table = tree_->table;
  const NodeRef ref = attempt->ref;
  Place& place = attempt->place;
  if (!table.Alive(ref)) {
    return false;
  }
  place.parent = table.ParentOf(ref.id);
  place.touches = table.TouchesOf(ref.id);
  table.Clear(ref.id, kQueued);
  const bool from_parent = work.parent && place.parent == work.parent->node.id &&
                           table.Alive(work.parent->node) && work.parent->watch != DirectoryTable::kNoWatch &&
                           work.parent->watch == table.WatchOf(place.parent);
  if (!from_parent && !table.PathOf(ref.id, &attempt->path)) {
    // In a subtree whose new place is not known yet: scanned from its top when it is.
    tree_->NoteInLimbo(ref.id);
    return false;
  }
  if (ref.id != DirectoryTable::kRoot) {
    place.name = table.NameOf(ref.id);
    const bool below_root = place.parent == DirectoryTable::kRoot;
    attempt->check = from_parent || below_root ? ParentCheck::kNotNeeded : ParentCheck::kByWatch;
  }
  tree_->BeginAttempt();
  return true;
}

void Scanner::Open(Worker* worker, const ScanGroup& work, Attempt* attempt) {
  if (attempt->ref.id != DirectoryTable::kRoot && attempt->path.empty()) {
    attempt->fd.Reset(tree_->calls->OpenChild(work.parent->fd.Get(), attempt->place.name.c_str()));
    attempt->error = attempt->fd.Valid() ? 0 : errno;
  } else {
    OpenByPath(worker, attempt);
  }
  if (!attempt->fd.Valid()) {
    return;
  }
  if (tree_->limit_reached) {
    attempt->watch_error = ENOSPC;
    return;
  }
  attempt->watch = tree_->calls->AddWatch(tree_->inotify_fd, attempt->fd.Get(), kWatchMask);
  attempt->watch_error = attempt->watch < 0 ? errno : 0;
}

void Scanner::OpenByPath(Worker* worker, Attempt* attempt) {
  if (!worker->root) {
    worker->root = tree_->OpenRoot();
  }
  if (!worker->root) {
    attempt->error = ESTALE;
    return;
  }
  const int root = worker->root->fd.Get();
  const std::string& path = attempt->path;
  if (attempt->check == ParentCheck::kByWatch) {
    attempt->parent.Reset(OpenBeneath(tree_->calls, root, path.data(), path.rfind('/')));
    if (attempt->parent.Valid()) {
      attempt->parent_watch = tree_->calls->AddWatch(tree_->inotify_fd, attempt->parent.Get(), kWatchMask);
      attempt->fd.Reset(tree_->calls->OpenChild(attempt->parent.Get(), attempt->place.name.c_str()));
      attempt->error = attempt->fd.Valid() ? 0 : errno;
      return;
    }
    if (errno != EACCES) {
      attempt->error = errno;
      attempt->check = ParentCheck::kNotFound;
      return;
    }
    // Unreadable, so not watched either: its path must do.
    attempt->check = ParentCheck::kNotNeeded;
  }
  attempt->fd.Reset(OpenBeneath(tree_->calls, root, path.data(), path.size()));
  attempt->error = attempt->fd.Valid() ? 0 : errno;
}

bool Scanner::IsParentKnown(const Attempt& attempt) const {
  if (attempt.check != ParentCheck::kByWatch) {
    return attempt.check == ParentCheck::kNotNeeded;
  }
  const int32_t watch = tree_->table.WatchOf(attempt.place.parent);
  return watch == DirectoryTable::kNoWatch || watch == attempt.parent_watch;
}

bool Scanner::FitsTable(const Attempt& attempt) const {
  const DirectoryTable& table = tree_->table;
  const uint32_t id = attempt.ref.id;
  if (!table.Alive(attempt.ref)) {
    return true;
  }
  if (!attempt.fd.Valid() || table.TouchesOf(id) != attempt.place.touches || !IsParentKnown(attempt)) {
    return false;
  }
  if (attempt.watch >= 0) {
    const uint32_t owner = tree_->watches.Find(attempt.watch);
    const bool is_new = owner == WatchMap::kUnknown && table.WatchOf(id) == DirectoryTable::kNoWatch &&
                        !tree_->EndedEarly(attempt.watch);
    if (owner != id && !is_new) {
      return false;
    }
  }
  return true;
}

void Scanner::AwaitParentLock(const ScanGroup& work, const Attempt& attempt) {
  const int parent = attempt.parent.Valid() ? attempt.parent.Get() : work.parent ? work.parent->fd.Get() : -1;
  if (parent < 0) {
    return;
  }
  // A descriptor of its own: the other one may be in the midst of a listing.
  const UniqueFd opened(tree_->calls->OpenChild(parent, "."));
  if (opened.Valid()) {
    char entry[sizeof(LinuxDirent) + NAME_MAX];
    tree_->calls->ListEntries(opened.Get(), entry, sizeof entry);
  }
}

Scanner::Verdict Scanner::Settle(Worker* worker, Attempt* attempt) {
  DirectoryTable& table = tree_->table;
  const NodeRef ref = attempt->ref;
  const Place& place = attempt->place;
  Verdict verdict = Verdict::kNothing;
  if (table.Alive(ref)) {
    if (attempt->error == ESTALE) {
      // When the root is back everything is scanned anew.
    } else if (table.TouchesOf(ref.id) != place.touches ||
               (attempt->watch >= 0 && tree_->EndedEarly(attempt->watch))) {
      tree_->EnqueueScan(ref.id, 0);
    } else if (!IsParentKnown(*attempt)) {
      SettleMisplaced(*attempt);
    } else if (!attempt->fd.Valid()) {
      SettleFailed(*attempt);
    } else {
      verdict = Register(worker, attempt);
    }
  }
  tree_->ReleaseUnknown(attempt->watch);
  tree_->ReleaseUnknown(attempt->parent_watch);
  tree_->EndAttempt();
  return verdict;
}

void Scanner::SettleMisplaced(const Attempt& attempt) {
  if (!tree_->table.Has(attempt.ref.id, kMisplaced)) {
    // By now the events that were queued then have told where it is.
    tree_->EnqueueScan(attempt.ref.id, kMisplaced);
    return;
  }
  tree_->table.Clear(attempt.ref.id, kMisplaced);
  tree_->EnqueueScan(attempt.place.parent, kRelist | kDeep);
}

void Scanner::SettleFailed(const Attempt& attempt) {
  const NodeRef ref = attempt.ref;
  const int error = attempt.error;
  if (error != ENOENT && error != ENOTDIR && error != ELOOP) {
    MarkBlind(ref.id, CoverageReason::kUnreadable, error);
  } else if (ref.id != DirectoryTable::kRoot) {
    tree_->Remove(ref.id);
    tree_->EmitChanged(attempt.place.parent, attempt.place.name, 0);
  }
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

void Scanner::TakeFlags(Attempt* attempt) {
  DirectoryTable& table = tree_->table;
  for (const uint32_t flag : {kReport, kRelist, kDeep}) {
    attempt->flags |= table.Has(attempt->ref.id, flag) ? flag : 0U;
  }
  table.Clear(attempt->ref.id, kReport | kRelist | kDeep | kMisplaced);
}

Scanner::Verdict Scanner::Register(Worker* worker, Attempt* attempt) {
  DirectoryTable& table = tree_->table;
  const int32_t watch = attempt->watch;
  bool fresh = false;
  if (watch < 0) {
    const int error = attempt->watch_error;
    if (error != ENOSPC) {
      MarkBlind(attempt->ref.id,
                error == EACCES ? CoverageReason::kUnreadable : CoverageReason::kOtherFileSystem, error);
      return Verdict::kNothing;
    }
    // Listed without a watch, so that the number needed becomes known.
    TakeFlags(attempt);
    NoWatchLeft(attempt->ref);
    fresh = !table.Has(attempt->ref.id, kComplete);
  } else {
    TakeFlags(attempt);
    const uint32_t owner = tree_->watches.Find(watch);
    fresh = owner != attempt->ref.id;
    if (owner >= WatchMap::kRetired) {
      Bind(attempt, owner == WatchMap::kRetired);
    } else if (fresh && !TakeOver(worker, attempt, owner)) {
      return Verdict::kNothing;
    }
    if (table.Has(attempt->ref.id, kBlind)) {
      attempt->flags |= kDeep;  // What is below is to be compared when it is watched, too.
    }
    fresh = Recovered(attempt->ref.id) || fresh;
  }
  const uint32_t id = attempt->ref.id;
  const uint32_t flags = attempt->flags;
  if (!fresh && (flags & (kRelist | kReport)) == 0 && table.Has(id, kComplete)) {
    return Verdict::kNothing;
  }
  if (table.Has(id, kScanning)) {
    table.Set(id, kRelist | (flags & (kReport | kDeep)));  // Whoever is at it queues it again.
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

void Scanner::NoWatchLeft(NodeRef ref) {
  DirectoryTable& table = tree_->table;
  tree_->limit_reached = true;
  if (table.WatchOf(ref.id) == DirectoryTable::kNoWatch && !table.Has(ref.id, kUnwatched)) {
    table.Set(ref.id, kUnwatched);
    tree_->unwatched++;
    tree_->over_limit.push_back(ref);
  }
}

bool Scanner::TakeOver(Worker* worker, Attempt* attempt, uint32_t owner) {
  DirectoryTable& table = tree_->table;
  const uint32_t id = attempt->ref.id;
  const uint32_t parent = table.ParentOf(id);
  if (owner == DirectoryTable::kRoot || IsAlias(worker, id, owner, attempt->fd.Get())) {
    MarkBlind(id, CoverageReason::kOtherFileSystem, EXDEV);
    return false;
  }
  if (table.IsWithin(id, owner)) {
    // As the table has it, it was moved below itself: something else has its old name.
    table.SetWatch(owner, DirectoryTable::kNoWatch);
    tree_->EnqueueScan(owner, kRelist | kDeep);
    const int32_t old_watch = table.WatchOf(id);
    if (old_watch != DirectoryTable::kNoWatch) {
      tree_->watches.Set(old_watch, WatchMap::kUnknown);
      tree_->ReleaseUnknown(old_watch);
    }
    tree_->watches.Set(attempt->watch, id);
    table.SetWatch(id, attempt->watch);
    tree_->EmitRescan(id, RescanReason::kMovedIn);
    attempt->flags |= kRelist | kDeep;
    return true;
  }
  const NodeRef moved = table.RefOf(owner);
  const bool had_place = table.ParentOf(owner) != DirectoryTable::kNone;
  const NodeRef old_parent = had_place ? table.RefOf(table.ParentOf(owner)) : NodeRef{};
  const std::string old_name(table.NameOf(owner));
  tree_->MoveTo(owner, parent, std::string(table.NameOf(id)));
  if (table.Alive(moved)) {
    tree_->EmitRescan(owner, RescanReason::kMovedIn);
  }
  if (had_place && table.Alive(old_parent)) {
    tree_->EmitChanged(old_parent.id, old_name, kIsDirectory);
    tree_->AddDirectory(old_parent.id, old_name, kReport);
  }
  attempt->ref = moved;
  if (!table.Alive(moved)) {
    return false;
  }
  TakeFlags(attempt);
  return true;
}

void Scanner::Bind(Attempt* attempt, bool found_again) {
  DirectoryTable& table = tree_->table;
  const int32_t watch = attempt->watch;
  uint32_t id = attempt->ref.id;
  const int32_t old_watch = table.WatchOf(id);
  bool tell_all = found_again;
  if (old_watch != DirectoryTable::kNoWatch) {
    // Another directory has its name, which no event has told.
    tell_all = true;
    if (id != DirectoryTable::kRoot) {
      id = tree_->Replace(id);
      attempt->ref = table.RefOf(id);
    } else {
      tree_->watches.Set(old_watch, WatchMap::kUnknown);
      tree_->ReleaseUnknown(old_watch);
    }
  }
  tree_->watches.Set(watch, id);
  table.SetWatch(id, watch);
  if (table.Has(id, kLost)) {
    table.Clear(id, kLost);
    tree_->EmitRescan(id == DirectoryTable::kRoot ? id : table.ParentOf(id), RescanReason::kRecovered);
  } else if ((attempt->flags & kDeep) != 0 && tree_->in_pass) {
    tree_->found_unwatched = true;
  } else if ((attempt->flags & kDeep) != 0) {
    // Whoever compared at once may have been here before the watch was: once more, now that it is set.
    tree_->EmitRescan(attempt->ref.id, RescanReason::kRecovered);
  }
  if (tell_all || table.Has(id, kComplete)) {
    tree_->EmitRescan(id, RescanReason::kRecovered);
  } else {
    tree_->TellEarly(id, watch);
  }
  if (table.Has(id, kComplete) || table.FirstChildOf(id) != DirectoryTable::kNone) {
    attempt->flags |= kDeep;  // What is known below it may be of another directory.
  }
}

bool Scanner::Recovered(uint32_t id) {
  DirectoryTable& table = tree_->table;
  table.Clear(id, kDying);
  if (table.Has(id, kBlind)) {
    table.Clear(id, kBlind);
    std::string path;
    if (table.PathOf(id, &path)) {
      tree_->EmitCoverage(path, CoverageState::kWatching, CoverageReason::kRecovered, 0);
      tree_->records.Rescan(path, RescanReason::kRecovered);
    }
  }
  if (!table.Has(id, kUnwatched)) {
    return false;
  }
  table.Clear(id, kUnwatched);
  tree_->unwatched--;
  tree_->EmitRescan(id, RescanReason::kRecovered);
  return true;
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

void Scanner::List(Worker* worker, const ScanGroup& work, Attempt* attempt, bool sweep) {
  const NodeRef ref = attempt->ref;
  std::shared_ptr<OpenDirectory> opened;
  const int descriptor = attempt->fd.Get();
  int error = 0;
  for (bool more = true; more;) {
    error = ReadEntries(worker, descriptor, &more);
    tree_->scanned_entries += worker->entries.size();
    if (more || sweep) {
      const WatchedTree::WorkLock lock(tree_, work);
      AddEntries(worker, work, attempt, &opened);
    }
  }
  tree_->scanned_directories++;
  if (sweep && !reader_->CaughtUp() && !reader_->AwaitApplied()) {
    return;
  }
  const WatchedTree::WorkLock lock(tree_, work);
  if (!sweep) {
    AddEntries(worker, work, attempt, &opened);
  }
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
    tree_->EnqueueScan(ref.id, 0);
  }
}

int Scanner::ReadEntries(Worker* worker, int fd, bool* more) {
  worker->entries.clear();
  std::vector<char>& buffer = worker->buffer;
  size_t size = 0;
  ssize_t read = 1;
  while (read > 0 && buffer.size() - size >= kLeastListBytes) {
    read = tree_->calls->ListEntries(fd, buffer.data() + size, buffer.size() - size);
    size += static_cast<size_t>(std::max<ssize_t>(read, 0));
  }
  *more = read > 0;
  const int error = read < 0 ? errno : 0;
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
  return error;
}

void Scanner::AddEntries(Worker* worker, const ScanGroup& work, Attempt* attempt,
                         std::shared_ptr<OpenDirectory>* opened) {
  const NodeRef ref = attempt->ref;
  const bool report = (attempt->flags & kReport) != 0;
  bool any = report;
  for (const Entry& entry : worker->entries) {
    any = any || entry.is_directory;
  }
  if (!any) {
    return;
  }
  ScanGroup found;
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
    tree_->AddListed(ref.id, entry.name, attempt->flags & (kReport | kDeep), &found.nodes);
  }
  if (found.nodes.empty()) {
    return;
  }
  if (!*opened && tree_->queue.MayKeepOpen()) {
    *opened = std::make_shared<OpenDirectory>(std::move(attempt->fd), ref, table.WatchOf(ref.id),
                                              tree_->queue.OpenCount());
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
