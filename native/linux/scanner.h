#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "linux/watched_tree.h"

namespace syncline {

// What every directory of the tree is watched for. IN_MODIFY costs an event a write but is the only sign of
// truncate(2) and of a file that is held open. IN_EXCL_UNLINK: a deleted file that is still open is of no
// interest to a mirror.
extern const uint32_t kWatchMask;

// The threads that watch directories and list them, each directory watched first and listed then, so that
// nothing that appears in it can be missed.
class Scanner {
 public:
  // `on_progress` is called from the threads when a piece of work is done.
  Scanner(WatchedTree* tree, std::function<void()> on_progress)
      : tree_(tree), on_progress_(std::move(on_progress)) {}
  ~Scanner() { Stop(); }
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  void Start(uint32_t threads);
  void Stop();
  // Returns when every watch that was added before this call is in the table. Call without the tree's mutex.
  void WaitForRegistrations();

 private:
  struct Entry {
    std::string_view name;
    bool is_directory;
  };
  struct Worker {
    // Held from before a watch is added until it is in the table: an event with an unknown watch waits for
    // this.
    std::mutex registration;
    std::vector<char> buffer;
    std::vector<Entry> entries;
    std::string path;
    std::shared_ptr<OpenDirectory> root;
    std::thread thread;
  };
  // Where the directory was when it was opened.
  struct Place {
    uint32_t parent;
    std::string name;
    uint32_t flags;
    bool by_path;
  };
  enum class Verdict { kList, kListAndSweep, kNothing, kGone };

  void Run(Worker* worker);
  void Scan(Worker* worker, const ScanGroup& work, NodeRef ref);
  // -1 and errno; ESTALE if the root is not there.
  int Open(Worker* worker, const ScanGroup& work, NodeRef ref, Place* place);
  void OpenFailed(const ScanGroup& work, NodeRef ref, const Place& place, int error);
  Verdict Watch(Worker* worker, const ScanGroup& work, NodeRef* ref, Place* place, int fd);
  // On the way it may find that the node is another one (`ref`) and that what is below is unknown
  // (`place->flags`).
  Verdict Register(Worker* worker, const ScanGroup& work, NodeRef* ref, Place* place, int fd, int watch,
                   int error);
  void MarkBlind(uint32_t id, CoverageReason reason, int error);
  // True when the directory open as `fd` is at the places of two nodes at once: another mount of it.
  bool IsAlias(Worker* worker, uint32_t id, uint32_t owner, int fd);
  void List(Worker* worker, const ScanGroup& work, NodeRef ref, const Place& place, UniqueFd fd, bool sweep);
  // Reads what getdents64 wrote; looks up types the file system did not give.
  void ReadEntries(Worker* worker, int fd, size_t size);
  void AddEntries(Worker* worker, const ScanGroup& work, NodeRef ref, const Place& place,
                  std::shared_ptr<OpenDirectory>* opened, UniqueFd* fd);
  void Sweep(uint32_t id);

  WatchedTree* const tree_;
  const std::function<void()> on_progress_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace syncline
