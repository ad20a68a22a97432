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
  Registrar::Verdict verdict = Registrar::Verdict::kNothing;
  const bool caught_up = reader_->CaughtUp();
  bool settled = false;
  {
    const WatchedTree::WorkLock lock(tree_, work);
    if (caught_up && registrar_.FitsTable(*attempt)) {
      settled = true;
      verdict = registrar_.Settle(attempt);
    }
  }
  if (!settled) {
    AwaitParentLock(work, *attempt);
    worker->waiting.push_back(std::move(*attempt));
  } else if (verdict != Registrar::Verdict::kNothing) {
    List(worker, work, attempt, verdict == Registrar::Verdict::kListAndSweep);
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
    Registrar::Verdict verdict = Registrar::Verdict::kNothing;
    {
      const WatchedTree::WorkLock lock(tree_, work);
      verdict = registrar_.Settle(&attempt);
    }
    if (verdict != Registrar::Verdict::kNothing) {
      List(worker, work, &attempt, verdict == Registrar::Verdict::kListAndSweep);
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
    if (!registrar_.Begin(work, &attempt)) {
      worker->attempts.pop_back();
    }
  }
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
    registrar_.MarkBlind(ref.id, CoverageReason::kUnreadable, error);
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
