#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "linux/kernel_calls.h"
#include "linux/root_identity.h"
#include "linux/scan_queue.h"
#include "watch/backend.h"
#include "watch/directory_table.h"
#include "watch/pending_records.h"
#include "watch/spinning_mutex.h"

namespace syncline {

// What was seen of a watch that no directory of the table had.
struct EarlyEvents {
  struct Event {
    uint32_t mask;
    std::string name;
  };
  std::vector<Event> events;
  bool too_many = false;
  bool ended = false;  // by IN_IGNORED
};

// What the interpreter and the scanners share: the directories, their watches and the records. Methods need
// `mutex` held but for those that say otherwise. Records are made under the mutex too, so that their order
// and their paths agree.
//
// The invariant: at any place P of the event stream that the interpreter has reached, the table holds the
// directories as they were at P, except for names whose scan is queued or under way. Events come from one
// queue, and the kernel queues those of a directory while it holds its lock, so they are the truth about
// order. A scanner looks at the disk as it is, which is newer than P, and gets the table's lock later, when P
// may have passed that moment. Hence:
//  - A listing only says which names to look at. It removes a name only at a place behind the listing, and
//  only
//    if no event has named it since the listing began (kSeen).
//  - "The entry `name` of directory D has watch W" is read by opening `name` below a descriptor of D, which
//  is known
//    to be D by its watch, and watching what was opened. It is put into the table at a place behind that (an
//    *attempt* waits for it, see Registrar), and only if no event has touched that name since before it was
//    opened (DirectoryTable::TouchesOf). Otherwise the name is looked at again. Put in so, it is true at that
//    place, and wins over whatever the table has of `name` and of W.
//  - Events of a watch whose attempt still waits are kept (NoteEarly) and told when it is put in; its
//  directory is
//    listed after that, so nothing in it is missed.
//  - What events leave open (an exchange, or a directory that replaced another and moved on) is taken the
//    likelier way, and the two names are looked at again at once.
// Every look is a task of the scan queue, so a barrier waits for it.
class WatchedTree {
 public:
  // The tree's mutex held for a piece of scan work: what is queued meanwhile belongs to its epoch.
  class WorkLock {
   public:
    WorkLock(WatchedTree* tree, const ScanGroup& work) : lock_(tree->mutex), tree_(tree) {
      tree_->work_ = &work;
    }
    ~WorkLock() { tree_->work_ = nullptr; }
    WorkLock(const WorkLock&) = delete;
    WorkLock& operator=(const WorkLock&) = delete;

   private:
    const std::lock_guard<SpinningMutex> lock_;
    WatchedTree* const tree_;
  };

  WatchedTree(const WatchOptions& options, KernelCalls* calls, int inotify_fd);

  // The entry `name` of a directory changed. In a subtree whose place is not known now, the subtree is noted
  // instead.
  void EmitChanged(uint32_t directory, std::string_view name, uint8_t hints);
  // `rescan` of a directory, or of its parent.
  void EmitRescan(uint32_t directory, RescanReason reason);
  // `rescan` of the entry `name` of a directory, which came from a place that is not known.
  void EmitMovedIn(uint32_t directory, std::string_view name);
  void EmitCoverage(std::string_view path, CoverageState state, CoverageReason reason, int error);

  // Queues a scan of a directory with these flags (of kReport, kRelist, kDeep, kMisplaced).
  void EnqueueScan(uint32_t id, uint32_t flags);
  // A directory of this name is there: adds it if it is new and queues its scan, unless the filter leaves it
  // out. Returns it, or kNone if its place is not known.
  uint32_t AddDirectory(uint32_t parent, std::string_view name, uint32_t flags);
  // The same for a directory that a listing has found: what is to be scanned is appended to `found` (and
  // counts as queued) instead. kDeep in `flags`: also if it is known already.
  void AddListed(uint32_t parent, std::string_view name, uint32_t flags, std::vector<NodeRef>* found);
  // Puts a new node in the place of one, which is forgotten with all below it. Not for the root.
  uint32_t Replace(uint32_t id);
  // Forgets a directory with all below it; its watches are removed soon.
  void Remove(uint32_t id);
  // The same for a subtree that is detached already.
  void FreeDetached(uint32_t id);
  // Takes a directory out of its place.
  void Detach(uint32_t id);
  // The same, until it is known where it went.
  void MoveToLimbo(uint32_t id);
  // Hangs a directory that is in limbo or elsewhere at its place; what is there by this name is removed.
  void MoveTo(uint32_t id, uint32_t parent, std::string_view name);

  // Something happened in a directory whose place is not known now: all of the subtree it is in is to be
  // looked at when it has one.
  void NoteInLimbo(uint32_t id);

  // A scanner is about to watch a directory; one call of EndAttempt for each.
  void BeginAttempt() { attempts_++; }
  void EndAttempt();
  // An event of a watch that no directory has: kept as long as an attempt may be about it.
  void NoteEarly(int32_t watch, uint32_t mask, std::string_view name);
  // This watch has ended, or is about to, before its directory was known.
  bool EndedEarly(int32_t watch) const;
  // Tells what has happened in a directory before its watch was known to be its.
  void TellEarly(uint32_t id, int32_t watch);
  // Removes a watch unless a directory has it.
  void ReleaseUnknown(int32_t watch);
  // The events cannot be right: something was lost. Everything is listed again.
  void DistrustAll();

  // Removes some of the watches that nothing needs any more; false when none is left.
  bool RemoveRetiredWatches();
  bool Excludes(std::string_view path) const;

  // The root, opened for walking down from it; null if it is not there or not the same. Takes its own lock,
  // not `mutex`. It stays open as long as somebody holds it, so that an idle watch keeps no file system busy.
  std::shared_ptr<OpenDirectory> OpenRoot();

  SpinningMutex mutex;
  const WatchOptions options;
  KernelCalls* const calls;
  const int inotify_fd;
  RootIdentity root_identity;
  DirectoryTable table;
  WatchMap watches;
  PendingRecords records;
  ScanQueue queue;

  // Directories that the watch limit left out; the flag kUnwatched says which still are.
  std::vector<NodeRef> over_limit;
  uint32_t unwatched = 0;
  std::atomic<bool> limit_reached = false;
  // Directories that could not be opened or watched; the flag kBlind says which still are.
  std::vector<NodeRef> blind;
  // The kernel has ended their watch and their parent has not told of their deletion yet.
  std::vector<NodeRef> ended;
  // A pass after an overflow found directories without a watch: changes in them may have been missed
  // meanwhile.
  bool found_unwatched = false;
  // Such a pass is under way: it ends in one `rescan` for all that it found.
  bool in_pass = false;

  std::atomic<uint32_t> directory_count = 1;
  std::atomic<uint64_t> scanned_directories = 0;
  std::atomic<uint64_t> scanned_entries = 0;

 private:
  uint32_t TopOf(uint32_t id) const;
  void CountDirectories() { directory_count = table.Size() - excluded_; }
  // Tells the kernel to end a watch that no directory has.
  void EndWatch(int32_t watch);
  // Finds or makes the child, marks it seen. kNone if the filter cannot be asked, because the place is not
  // known.
  uint32_t FindOrAdd(uint32_t parent, std::string_view name, bool* is_new);
  // After a directory has moved: what the filter left out below it may not be left out there.
  void CheckExcludedBelow(uint32_t id);

  const ScanGroup* work_ = nullptr;  // of the WorkLock that is held
  uint32_t attempts_ = 0;
  std::unordered_map<int32_t, EarlyEvents> early_;
  uint32_t excluded_ = 0;
  std::vector<int32_t> retired_;
  std::string path_;
  std::mutex root_mutex_;
  std::weak_ptr<OpenDirectory> root_;
};

}  // namespace syncline
