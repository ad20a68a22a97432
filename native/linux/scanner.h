#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "linux/event_reader.h"
#include "linux/watched_tree.h"

namespace syncline {

// What every directory of the tree is watched for. IN_MODIFY costs an event a write but is the only sign of
// truncate(2) and of a file that is held open. IN_EXCL_UNLINK: a deleted file that is still open is of no
// interest to a mirror. IN_MASK_ADD: without it the kernel sets the mask of a directory that is watched
// already to 0 for a moment (inotify_update_existing_watch), and what happens in it just then is never told.
extern const uint32_t kWatchMask;

// The threads that watch directories and list them, each directory watched first and listed then, so that
// nothing that appears in it can be missed. What an attempt (opening a name and watching what it is) has
// found is put into the table at once if all events are applied and it fits what the table has; otherwise the
// attempts of one piece of work wait together until the events queued meanwhile are applied. See WatchedTree.
class Scanner {
 public:
  // `on_progress` is called from the threads when a piece of work is done.
  Scanner(WatchedTree* tree, EventReader* reader, std::function<void()> on_progress)
      : tree_(tree), reader_(reader), on_progress_(std::move(on_progress)) {}
  ~Scanner() { Stop(); }
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  void Start(uint32_t threads);
  // To be called after the reader's Stop.
  void Stop();

 private:
  struct Entry {
    std::string_view name;
    bool is_directory;
  };
  // Where the directory was when it was opened.
  struct Place {
    uint32_t parent;
    std::string name;
    uint32_t touches;
  };
  // What is known of the descriptor that stands for the parent.
  enum class ParentCheck { kNotNeeded, kByWatch, kNotFound };
  // A directory opened and watched, or not, and not yet put into the table.
  struct Attempt {
    NodeRef ref;
    Place place;
    std::string path;  // to open it by; empty: by its name, from the parent that its group keeps open
    ParentCheck check = ParentCheck::kNotNeeded;
    UniqueFd parent;            // if it was opened by its path
    int32_t parent_watch = -1;  // the watch of `parent`, for kByWatch
    UniqueFd fd;
    int error = 0;  // of opening it; ESTALE: the root is not there
    int32_t watch = -1;
    int watch_error = 0;
    uint32_t flags = 0;  // what its listing is to do, of kReport, kRelist and kDeep; known when it is put in
  };
  struct Worker {
    std::vector<char> buffer;
    std::vector<Entry> entries;
    std::shared_ptr<OpenDirectory> root;
    std::vector<Attempt> attempts;  // of the work at hand
    std::vector<Attempt> waiting;
    std::thread thread;
  };
  enum class Verdict { kList, kListAndSweep, kNothing };

  void Run(Worker* worker);
  void BeginAttempts(Worker* worker, const ScanGroup& work);
  void Scan(Worker* worker, const ScanGroup& work, Attempt* attempt);
  // Puts those that wait into the table, once the events are applied; false when the reader is stopped.
  bool SettleWaiting(Worker* worker, const ScanGroup& work);
  // With the tree's mutex: notes the place of a directory; false if there is nothing to be done.
  bool BeginAttempt(const ScanGroup& work, Attempt* attempt);
  void Open(Worker* worker, const ScanGroup& work, Attempt* attempt);
  void OpenByPath(Worker* worker, Attempt* attempt);
  // With the tree's mutex, at a place behind the attempt: true if it fits the table.
  bool FitsTable(const Attempt& attempt) const;
  bool IsParentKnown(const Attempt& attempt) const;
  // Returns when nobody is changing the directory the attempt opened a name in: then the events of all that
  // the attempt has seen are queued.
  void AwaitParentLock(const ScanGroup& work, const Attempt& attempt);
  // With the tree's mutex, at a place of the event stream behind the attempt.
  Verdict Settle(Worker* worker, Attempt* attempt);
  void SettleFailed(const Attempt& attempt);
  // The parent was not where the table has it.
  void SettleMisplaced(const Attempt& attempt);
  Verdict Register(Worker* worker, Attempt* attempt);
  // Takes over what is asked of a directory, so that one listing does it for all who asked before it begins.
  void TakeFlags(Attempt* attempt);
  // The watch is that of another node; false if there is no more to be done.
  bool TakeOver(Worker* worker, Attempt* attempt, uint32_t owner);
  // The watch is new to the table.
  void Bind(Attempt* attempt, bool found_again);
  void NoWatchLeft(NodeRef ref);
  // What was missing before is watched now; true if it is to be listed for that.
  bool Recovered(uint32_t id);
  void MarkBlind(uint32_t id, CoverageReason reason, int error);
  // True when the directory open as `fd` is at the places of two nodes at once: another mount of it.
  bool IsAlias(Worker* worker, uint32_t id, uint32_t owner, int fd);
  void List(Worker* worker, const ScanGroup& work, Attempt* attempt, bool sweep);
  // Reads the next entries of a directory, all of them if they fit the buffer, and looks up the types the
  // file system did not give. Returns 0 or the errno that ended it; `more`: there may be more.
  int ReadEntries(Worker* worker, int fd, bool* more);
  // With the tree's mutex.
  void AddEntries(Worker* worker, const ScanGroup& work, Attempt* attempt,
                  std::shared_ptr<OpenDirectory>* opened);
  void Sweep(uint32_t id);

  WatchedTree* const tree_;
  EventReader* const reader_;
  const std::function<void()> on_progress_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace syncline
