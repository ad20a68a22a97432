#include "copy/open_pair.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "copy/changed_parts.h"
#include "copy/directory_access.h"
#include "copy/node_attributes.h"
#include "watch/relative_path.h"

namespace syncline {
namespace {

constexpr mode_t kOwnerBits = S_IRWXU;
constexpr mode_t kPermissionBits = 07777;

bool IsNoDirectory(int error) { return error == ENOTDIR || error == ELOOP; }

}  // namespace

bool DeliveryContext::MayDelete() {
  if (deletions_left.fetch_sub(1) > 0) {
    return true;
  }
  report.Fail(DeliveryFailure::Scope::kBatch, "more names would be deleted than were counted");
  return false;
}

UniqueFd OpenForChanges(const DeliveryContext& context, int at, const char* name, mode_t* lent_mode) {
  UniqueFd directory = OpenDirectory(at, name);
  if (!directory.Valid() || geteuid() == 0 || context.request.dry_run) {
    return directory;
  }
  struct stat status {};
  if (fstat(directory.Get(), &status) != 0 || (status.st_mode & kOwnerBits) == kOwnerBits ||
      status.st_uid != geteuid()) {
    return directory;
  }
  if (ChangeMode(at, name, (status.st_mode & kPermissionBits) | kOwnerBits) == 0) {
    *lent_mode = status.st_mode & kPermissionBits;
    directory = OpenDirectory(at, name);
  }
  return directory;
}

std::shared_ptr<OpenPair> OpenPair::Open(const std::shared_ptr<OpenPair>& parent, const std::string& name) {
  DeliveryContext& context = parent->context_;
  const std::string path = JoinPath(parent->path_, name);
  UniqueFd source = OpenDirectory(parent->Source(), name.c_str());
  struct stat status {};
  if (!source.Valid() || fstat(source.Get(), &status) != 0) {
    context.report.SourceProblem(path, "open", errno);
    return nullptr;
  }
  auto pair = std::make_shared<OpenPair>(context, parent, path, std::move(source), UniqueFd(), false);
  pair->target_ = pair->OpenTarget(parent->Target(), name.c_str(), status.st_mode);
  const bool would_make = context.request.dry_run && pair->made_;
  if (!pair->target_.Valid() && !would_make) {
    context.report.TargetProblem(path, pair->made_ ? "mkdir" : "open", errno);
    return nullptr;
  }
  if (would_make) {
    context.report.Updated(path, 0, ItemizedChange(S_IFDIR, ChangeWay::kNew, 0));
  } else if (pair->made_) {
    context.report.Updated(path, 0);
  }
  return pair;
}

UniqueFd OpenPair::OpenTarget(int at, const char* name, mode_t mode) {
  if (context_.request.dry_run && at < 0) {
    made_ = true;
    return {};
  }
  UniqueFd directory = OpenForChanges(context_, at, name, &lent_mode_);
  if (directory.Valid() || (errno != ENOENT && !IsNoDirectory(errno))) {
    return directory;
  }
  if (context_.request.dry_run) {
    made_ = true;
    return {};
  }
  if (errno != ENOENT && unlinkat(at, name, 0) != 0 && errno != ENOENT) {
    return {};
  }
  made_ = true;
  // Nobody else may look in before the mode is known to be right.
  const mode_t first_mode = context_.request.attributes.perms ? kOwnerBits : (mode & 0777) | kOwnerBits;
  if (mkdirat(at, name, first_mode) != 0) {
    return {};
  }
  return OpenDirectory(at, name);
}

OpenPair::~OpenPair() {
  DeliveryReport& report = context_.report;
  if (!target_.Valid()) {
    return;
  }
  struct stat wanted {};
  struct stat current {};
  if (fstat(source_.Get(), &wanted) != 0) {
    report.SourceProblem(path_, "stat", errno);
    return;
  }
  if (fstat(target_.Get(), &current) != 0) {
    report.TargetProblem(path_, "stat", errno);
    return;
  }
  const AttributesResult result =
      ApplyAttributes(context_.request, {{source_.Get()}, wanted}, {{target_.Get()}, current});
  if (!context_.request.attributes.perms && lent_mode_ != 0) {
    fchmod(target_.Get(), lent_mode_);
  }
  const bool dry_run = context_.request.dry_run;
  if (result.refused) {
    report.Refused(path_, result.operation, result.error);
  } else if (result.error != 0 && result.reading) {
    report.SourceProblem(path_, result.operation, result.error);
  } else if (result.error != 0) {
    report.TargetProblem(path_, result.operation, result.error);
  } else if ((result.parts & ~kChangedTime) != 0 && !made_) {
    report.Updated(path_, 0,
                   dry_run ? ItemizedChange(S_IFDIR, ChangeWay::kAttributes, result.parts) : std::string());
  } else if (result.parts != 0 && dry_run) {
    report.DirectoryTime(path_);
  }
}

}  // namespace syncline
