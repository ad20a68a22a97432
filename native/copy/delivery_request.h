#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watch/path_filter.h"

namespace syncline {

// What is kept equal beside names and content; rsync's -a, and its -HAX on request.
struct CopyAttributes {
  bool links = true;
  bool perms = true;
  bool times = true;
  bool group = true;
  bool owner = true;
  bool devices = true;
  bool specials = true;
  // Names of one file that this delivery brings up to date are names of one file on the target.
  bool hard_links = false;
  bool acls = false;
  bool xattrs = false;
};

// A rename to repeat on the target; both paths as they were at its moment.
struct TreeMove {
  std::string from;
  std::string to;
  bool is_directory = false;
};

// A name to bring up to date, whatever it is on the source by now.
struct TreeEntry {
  std::string path;
  // Its content is new whatever size and time say.
  bool new_content = false;
};

// A root by its absolute path, and which directory it must be when it is opened.
struct TreeRoot {
  std::string path;
  uint64_t device = 0;
  uint64_t inode = 0;
};

// One batch. Paths are raw bytes relative to the roots; '' is the root.
struct DeliveryRequest {
  TreeRoot source;
  // Not there in a dry run: everything would be new.
  std::optional<TreeRoot> target;
  CopyAttributes attributes;
  // Names that are gone on the source are deleted on the target.
  bool deletes = true;
  // One more would be a failure of the delivery.
  int64_t max_deletes = std::numeric_limits<int64_t>::max();
  // Tells what would be done and changes nothing; a name may be told more than once. Has no moves.
  bool dry_run = false;
  // Neither may be null: what is not mirrored, what is not deleted, and what is not deleted in a directory
  // that is gone itself.
  std::shared_ptr<const PathFilter> hidden;
  std::shared_ptr<const PathFilter> kept;
  std::shared_ptr<const PathFilter> kept_in_deleted;
  // False: a moved directory is compared instead, because the filter may judge what is below it by its path.
  bool moves_directories = true;
  // In order.
  std::vector<TreeMove> moves;
  // Sorted by bytes, no duplicates.
  std::vector<TreeEntry> entries;
  std::vector<std::string> subtrees;
  // The same, where files of equal size are compared by what is in them, whatever their times say.
  std::vector<std::string> content_subtrees;
  // At least 1.
  unsigned threads = 1;
};

}  // namespace syncline
