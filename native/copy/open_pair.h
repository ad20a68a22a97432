#pragma once

#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <string>

#include "copy/delivery_report.h"
#include "copy/delivery_request.h"
#include "copy/task_pool.h"
#include "posix/unique_fd.h"

namespace syncline {

// What all parts of one delivery share.
struct DeliveryContext {
  const DeliveryRequest& request;
  DeliveryReport& report;
  TaskPool& pool;
  // Whether the target keeps times below the second; learned from the first file written.
  std::atomic<bool> keeps_nanoseconds = false;
  std::atomic<bool> keeps_seconds_only = false;
};

// A directory of the source and its copy, both open. Held by every task that works in it and by the pairs
// below it; when the last one lets go, the copy gets the attributes of the source: its time is set after all
// changes in it.
class OpenPair {
 public:
  OpenPair(DeliveryContext& context, std::shared_ptr<OpenPair> parent, std::string path, UniqueFd source,
           UniqueFd target)
      : context_(context),
        parent_(std::move(parent)),
        path_(std::move(path)),
        source_(std::move(source)),
        target_(std::move(target)) {}
  ~OpenPair();
  OpenPair(const OpenPair&) = delete;
  OpenPair& operator=(const OpenPair&) = delete;

  // Opens the directory `name` on both sides and makes it on the target, in the place of anything that is no
  // directory. Null when that cannot be done; the report then says why.
  static std::shared_ptr<OpenPair> Open(const std::shared_ptr<OpenPair>& parent, const std::string& name);

  int Source() const { return source_.Get(); }
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
  bool made_ = false;
  // The mode to give back where the source's is not kept; 0 for none.
  mode_t lent_mode_ = 0;
};

// Opens a directory of the target for changes: one that its owner may not list or write gets the right to for
// as long as it takes, and its mode so far is put into `lent_mode`. Invalid with errno set.
UniqueFd OpenForChanges(int at, const char* name, mode_t* lent_mode);

}  // namespace syncline
