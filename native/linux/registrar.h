#pragma once

#include <cstdint>
#include <string>

#include "linux/watched_tree.h"
#include "posix/unique_fd.h"

namespace syncline {

// Where a directory was in the table when it was opened.
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

// Puts what scanners have opened and watched into the table. Every method needs the tree's mutex, and all but
// Begin and MarkBlind are for a place of the event stream behind the attempt. See WatchedTree.
class Registrar {
 public:
  // What is to be done with the directory next.
  enum class Verdict { kList, kListAndSweep, kNothing };

  explicit Registrar(WatchedTree* tree) : tree_(tree) {}

  // Notes the place of a directory to be opened; false if there is nothing to be done.
  bool Begin(const ScanGroup& work, Attempt* attempt);
  // True if the attempt fits the table, so that it may be settled at once.
  bool FitsTable(const Attempt& attempt) const;
  // Ends an attempt; it may be of another directory afterwards, one that is found at its place.
  Verdict Settle(Attempt* attempt);
  void MarkBlind(uint32_t id, CoverageReason reason, int error);

 private:
  bool IsParentKnown(const Attempt& attempt) const;
  // The parent was not where the table has it.
  void SettleMisplaced(const Attempt& attempt);
  void SettleFailed(const Attempt& attempt);
  Verdict Register(Attempt* attempt);
  // Takes over what is asked of a directory, so that one listing does it for all who asked before it begins.
  void TakeFlags(Attempt* attempt);
  // The watch is that of another node; false if there is no more to be done.
  bool TakeOver(Attempt* attempt, uint32_t owner);
  // True when the directory open as `fd` is at the places of two nodes at once: another mount of it.
  bool IsAlias(uint32_t id, uint32_t owner, int fd);
  // The watch is new to the table.
  void Bind(Attempt* attempt, bool found_again);
  // What was missing before is watched now; true if it is to be listed for that.
  bool Recovered(uint32_t id);
  void NoWatchLeft(NodeRef ref);

  WatchedTree* const tree_;
};

}  // namespace syncline
