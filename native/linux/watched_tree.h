#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "linux/kernel_calls.h"
#include "linux/root_identity.h"
#include "linux/scan_queue.h"
#include "watch/backend.h"
#include "watch/directory_table.h"
#include "watch/pending_records.h"

namespace syncline {

// What the interpreter and the scanners share: the directories, their watches and the records. Methods need
// `mutex` held but for those that say otherwise. Records are made under the mutex too, so that their order
// and their paths agree.
class WatchedTree {
 public:
  WatchedTree(const WatchOptions& options, KernelCalls* calls, int inotify_fd);

  // The entry `name` of a directory changed. In a subtree whose place is not known now, the subtree is noted
  // instead.
  void EmitChanged(uint32_t directory, std::string_view name, uint8_t hints);
  // `rescan` of a directory, or of its parent.
  void EmitRescan(uint32_t directory, RescanReason reason);
  void EmitCoverage(std::string_view path, CoverageState state, CoverageReason reason, int error);

  // Queues a scan of a directory with these flags (of kReport, kRelist, kDeep, kVerifyPlace). `from`: the
  // work it came from.
  void EnqueueScan(uint32_t id, uint32_t flags, const ScanGroup* from = nullptr);
  // A directory of this name is there: adds it if it is new and queues its scan, unless the filter leaves it
  // out. Returns it, or kNone if its place is not known.
  uint32_t AddDirectory(uint32_t parent, std::string_view name, uint32_t flags);
  // The same for a directory that a listing has found: what is to be scanned is appended to `found` (and
  // counts as queued) instead. kDeep in `flags`: also if it is known already.
  void AddListed(uint32_t parent, std::string_view name, uint32_t flags, std::vector<NodeRef>* found);
  // Forgets a directory with all below it; its watches are removed soon.
  void Remove(uint32_t id);
  // The same for a subtree that is detached already.
  void FreeDetached(uint32_t id);
  // Takes a directory out of its place until it is known where it went.
  void MoveToLimbo(uint32_t id);
  // Hangs a directory that is in limbo or elsewhere at its place; what is there by this name is removed.
  void MoveTo(uint32_t id, uint32_t parent, std::string_view name);

  // Removes some of the watches that nothing needs any more; false when none is left.
  bool RemoveRetiredWatches();
  bool Excludes(std::string_view path) const;

  // The root, opened for walking down from it; null if it is not there or not the same. Takes its own lock,
  // not `mutex`. It stays open as long as somebody holds it, so that an idle watch keeps no file system busy.
  std::shared_ptr<OpenDirectory> OpenRoot();

  std::mutex mutex;
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
  bool limit_reached = false;
  // Directories that could not be opened or watched; the flag kBlind says which still are.
  std::vector<NodeRef> blind;
  // Could not be found by their path, perhaps because of a move above them whose events are still to come: to
  // be tried again after these.
  std::vector<NodeRef> deferred;
  // A scan and the events have met in a way that may have left a directory at a wrong place: the whole tree
  // is to be listed once more when it is quiet.
  bool doubtful = false;
  // A pass after an overflow found directories without a watch: changes in them may have been missed
  // meanwhile.
  bool found_unwatched = false;
  // Such a pass is under way: it ends in one `rescan` for all that it found.
  bool in_pass = false;

  std::atomic<uint32_t> directory_count = 1;
  std::atomic<uint64_t> scanned_directories = 0;
  std::atomic<uint64_t> scanned_entries = 0;

 private:
  void CountDirectories() { directory_count = table.Size() - excluded_; }
  // Finds or makes the child, marks it seen. kNone if the filter cannot be asked, because the place is not
  // known.
  uint32_t FindOrAdd(uint32_t parent, std::string_view name, bool* is_new);
  // After a directory has moved: what the filter left out below it may not be left out there.
  void CheckExcludedBelow(uint32_t id);

  uint32_t excluded_ = 0;
  std::vector<int32_t> retired_;
  std::string path_;
  std::mutex root_mutex_;
  std::weak_ptr<OpenDirectory> root_;
};

}  // namespace syncline
