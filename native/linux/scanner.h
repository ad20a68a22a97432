#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "linux/event_reader.h"
#include "linux/registrar.h"
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
      : tree_(tree), reader_(reader), on_progress_(std::move(on_progress)), registrar_(tree) {}
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
  struct Worker {
    std::vector<char> buffer;
    std::vector<Entry> entries;
    std::shared_ptr<OpenDirectory> root;
    std::vector<Attempt> attempts;  // of the work at hand
    std::vector<Attempt> waiting;
    std::thread thread;
  };
  void Run(Worker* worker);
  void BeginAttempts(Worker* worker, const ScanGroup& work);
  void Scan(Worker* worker, const ScanGroup& work, Attempt* attempt);
  // Puts those that wait into the table, once the events are applied; false when the reader is stopped.
  bool SettleWaiting(Worker* worker, const ScanGroup& work);
  void Open(Worker* worker, const ScanGroup& work, Attempt* attempt);
  void OpenByPath(Worker* worker, Attempt* attempt);
  // Returns when nobody is changing the directory the attempt opened a name in: then the events of all that
  // the attempt has seen are queued.
  void AwaitParentLock(const ScanGroup& work, const Attempt& attempt);
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
  Registrar registrar_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace syncline
