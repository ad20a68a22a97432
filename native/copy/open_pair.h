#pragma once

#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <string>

#include "copy/delivery_report.h"
#include "copy/delivery_request.h"
#include "copy/linked_names.h"
#include "copy/task_pool.h"
#include "posix/unique_fd.h"

namespace syncline {

// What all parts of one delivery share.
struct DeliveryContext {
  const DeliveryRequest& request;
  DeliveryReport& report;
  TaskPool& pool;
  // The target's root.
  int target_root = -1;
  std::atomic<int64_t> deletions_left = request.max_deletes;
  LinkedNames links = {};
  // Whether the target keeps times below the second; learned from the first file written.
  std::atomic<bool> keeps_nanoseconds = false;
  std::atomic<bool> keeps_seconds_only = false;

  // To be asked before each deletion. False when it is one too many, which ends the delivery.
  bool MayDelete();
};

// A directory of the source and its copy, both open. Held by every task that works in it and by the pairs
// below it; when the last one lets go, the copy gets the attributes of the source: its time is set after all
// changes in it.
class OpenPair {
 public:
  // `made`: the copy is new; in a dry run there is none, and `target` not valid.
  OpenPair(DeliveryContext& context, std::shared_ptr<OpenPair> parent, std::string path, UniqueFd source,
           UniqueFd target, bool made)
      : context_(context),
        parent_(std::move(parent)),
        path_(std::move(path)),
        source_(std::move(source)),
        target_(std::move(target)),
        made_(made) {}
  ~OpenPair();
  OpenPair(const OpenPair&) = delete;
  OpenPair& operator=(const OpenPair&) = delete;

  // Opens the directory `name` on both sides and makes it on the target, in the place of anything that is no
  // directory. Null when that cannot be done; the report then says why.
  static std::shared_ptr<OpenPair> Open(const std::shared_ptr<OpenPair>& parent, const std::string& name);

  int Source() const { return source_.Get(); }
  // -1 where a dry run would make it.
  int Target() const { return target_.Get(); }
  const std::string& Path() const { return path_; }
  // The copy is new: nothing is in it but what this delivery put there.
  bool Made() const { return made_; }

 private:
  UniqueFd OpenTarget(int at, const char* name, mode_t mode);

  DeliveryContext& context_;
  // Kept open, so that it is finished later.
  const std::shared_ptr<OpenPair> parent_;
  const std::string path_;
  const UniqueFd source_;
  UniqueFd target_;
  bool made_;
  // The mode to give back where the source's is not kept; 0 for none.
  mode_t lent_mode_ = 0;
};

// Opens a directory of the target for changes, in a dry run only to look: one that its owner may not list or
// write gets the right to for as long as it takes, and its mode so far is put into `lent_mode`. Invalid with
// errno set.
UniqueFd OpenForChanges(const DeliveryContext& context, int at, const char* name, mode_t* lent_mode);

}  // namespace syncline
