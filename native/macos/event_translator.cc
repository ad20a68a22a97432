#include "macos/event_translator.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "watch/relative_path.h"

namespace syncline {
namespace {

constexpr uint32_t kContentFlags = kItemCreated | kItemRemoved | kItemModified | kItemCloned;
constexpr uint32_t kAttributeFlags =
    kItemInodeMetaMod | kItemFinderInfoMod | kItemChangeOwner | kItemXattrMod;
constexpr uint32_t kItemFlags = kContentFlags | kAttributeFlags | kItemRenamed;
constexpr uint32_t kTypeFlags = kItemIsFile | kItemIsDir | kItemIsSymlink;
// A stream is asked to tell lost events again at most this often.
constexpr int64_t kResumeSpacingMs = 10000;
constexpr size_t kMaxKeys = 16384;
// Moves of directories inside directories that moved, followed for one event.
constexpr int kMaxFollowed = 8;

bool IsAbsent(int error) { return error == ENOENT || error == ENOTDIR; }

// The flags of two items of different types that had the path.
bool IsMixed(uint32_t flags) {
  const uint32_t types = flags & kTypeFlags;
  return (types & (types - 1)) != 0;
}

bool IsAscii(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
}

uint8_t DirectoryHint(bool is_directory) { return is_directory ? uint8_t{kIsDirectory} : uint8_t{0}; }

}  // namespace

EventTranslator::EventTranslator(Options options, Disk* disk, PendingRecords* records, EventSource* source)
    : options_(std::move(options)),
      disk_(disk),
      records_(records),
      source_(source),
      paths_(options_.root, options_.canonical_root, disk),
      root_(options_.root, options_.identity, disk, records),
      replaying_(options_.replays),
      told_id_(options_.since) {}

void EventTranslator::Apply(std::span<const FsEvent> events, int64_t now_ms) {
  paths_.Forget();
  asked_directory_.clear();
  asked_excluded_ = false;
  std::string relative;
  uint64_t highest = 0;
  // An event has the id of the newest change in it; the oldest may have any behind what is told.
  telling_id_ = told_id_ + 1;
  for (const FsEvent& event : events) {
    const bool is_of_stream = ApplyStreamEvent(event, now_ms);
    highest = (event.flags & kEventIdsWrapped) != 0 ? 0 : highest;
    // What comes while the root is away is not told.
    if (is_of_stream || root_.Away()) {
      continue;
    }
    highest = std::max(highest, event.id);
    switch (paths_.Locate(event.path, &relative)) {
      case SourcePaths::Place::kElsewhere:
        DoubtDirectory(event.path, RescanReason::kRecovered);
        continue;
      case SourcePaths::Place::kRootOrAbove:
        if ((event.flags & (kItemRenamed | kItemRemoved | kItemCreated)) != 0) {
          root_.Doubt();
        }
        // What happened in it while it had another name was not told.
        if ((event.flags & kItemFlags) == 0 || (event.flags & kItemRenamed) != 0) {
          DoubtDirectory(event.path, RescanReason::kRecovered);
        }
        if ((event.flags & kItemFlags) != 0) {
          Changed({}, kAttrib | kIsDirectory);
        }
        continue;
      case SourcePaths::Place::kInside:
        break;
    }
    relative = paths_.Respell(relative);
    if (InExcludedDirectory(relative)) {
      continue;
    }
    // History is sorted by path, not by time, and merges more: it says where to look, not what went where.
    if ((event.flags & kItemRenamed) != 0 && event.inode == 0) {
      unknown_rename_ms_ = now_ms;
    }
    // What came from a name that is left out is new, and so it is not paired.
    const bool may_pair = (event.flags & kItemRenamed) != 0 && event.inode != 0 && !replaying_;
    if (may_pair && !IsExcluded(relative, event.flags)) {
      renames_.Add(event.inode, {relative, event.flags, event.id}, telling_id_, now_ms);
    } else {
      Tell(relative, event.flags, now_ms);
    }
  }
  highest_id_ = std::max(highest_id_, highest);
  Resolve(renames_.TakeTouched(), renames_.Full(), now_ms);
  if (!replaying_) {
    told_id_ = std::max(told_id_, highest_id_);
  }
}

bool EventTranslator::ApplyStreamEvent(const FsEvent& event, int64_t now_ms) {
  const uint32_t flags = event.flags;
  if ((flags & kHistoryDone) != 0) {
    EndReplay();
    return true;
  }
  if ((flags & kEventIdsWrapped) != 0) {
    // Ids begin anew: none from before can be compared with those to come.
    Resolve(renames_.TakeSeenBy(now_ms), true, now_ms);
    TellDueRescans(now_ms);
    told_id_ = highest_id_ = 0;
    telling_id_ = 1;
    if (replaying_) {
      rescans_.Add({}, RescanReason::kOverflow, telling_id_);
    }
    if ((flags & (kMustScanSubDirs | kItemFlags)) == 0) {
      return true;
    }
  }
  // The root may be the same again and have been elsewhere meanwhile, where what happens in it is not told.
  if ((flags & (kRootChanged | kMount | kUnmount)) != 0) {
    root_.Doubt();
    DoubtDirectory(event.path, RescanReason::kRecovered);
    return true;
  }
  if ((flags & kMustScanSubDirs) != 0) {
    ApplyDrop(event, now_ms);
    return true;
  }
  return false;
}

void EventTranslator::ApplyDrop(const FsEvent& event, int64_t now_ms) {
  drops_++;
  // What the kernel dropped fseventsd has never had, nor its journal. What it dropped itself it can tell
  // again.
  const bool in_journal = (event.flags & kUserDropped) != 0 && (event.flags & kKernelDropped) == 0;
  const bool may_resume = !last_resume_ms_ || now_ms - *last_resume_ms_ >= kResumeSpacingMs;
  const uint64_t good = ToldId();
  if (in_journal && may_resume && !replaying_ && !root_.Away() && good != 0) {
    last_resume_ms_ = now_ms;
    if (source_->ResumeFrom(good)) {
      replaying_ = resuming_ = true;
      told_id_ = good;
      highest_id_ = good;
      records_->Coverage({}, CoverageState::kScanning, CoverageReason::kOverflow, 0, 0, 0);
      return;
    }
  }
  DoubtDirectory(event.path, RescanReason::kOverflow);
}

void EventTranslator::EndReplay() {
  if (!replaying_) {
    return;
  }
  replaying_ = false;
  if (resuming_) {
    resuming_ = false;
    records_->Coverage({}, CoverageState::kWatching, CoverageReason::kOverflow, 0, 0, 0);
  }
}

void EventTranslator::DoubtDirectory(std::string_view absolute, RescanReason reason) {
  std::string relative;
  if (paths_.Locate(absolute, &relative) != SourcePaths::Place::kInside) {
    relative.clear();
  }
  relative = paths_.Respell(relative);
  if (!InExcludedDirectory(relative)) {
    rescans_.Add(relative, reason, telling_id_);
  }
}

std::string EventTranslator::NearestThere(std::string directory) const {
  while (!directory.empty()) {
    const DiskEntry entry = disk_->LookAt(paths_.Absolute(directory));
    if (entry.error == 0 && entry.is_directory && (entry.name.empty() || entry.name == BaseName(directory))) {
      break;
    }
    directory = ParentPath(directory);
  }
  return directory;
}

bool EventTranslator::InExcludedDirectory(std::string_view relative) {
  const std::string_view directory = ParentPath(relative);
  if (options_.filter == nullptr || directory.empty()) {
    return false;
  }
  if (asked_directory_ == directory) {
    return asked_excluded_;
  }
  bool excluded = false;
  for (size_t end = directory.find('/'); !excluded; end = directory.find('/', end + 1)) {
    excluded = options_.filter->ExcludesEntry(directory.substr(0, end), true);
    if (end == std::string_view::npos) {
      break;
    }
  }
  asked_directory_ = directory;
  asked_excluded_ = excluded;
  return excluded;
}

bool EventTranslator::IsExcluded(std::string_view relative, uint32_t flags) const {
  return options_.filter != nullptr && options_.filter->ExcludesEntry(relative, (flags & kItemIsDir) != 0);
}

void EventTranslator::Resolve(std::vector<RenameGroup> groups, bool last_chance, int64_t now_ms) {
  std::unordered_map<std::string, int> groups_at;
  paths_.Forget();
  for (RenameGroup& group : groups) {
    for (RenameHalf& half : group.halves) {
      half.path = paths_.Respell(half.path);  // A directory above may be spelled otherwise since.
      groups_at[half.path]++;
    }
  }
  renames_.CountPaths(&groups_at);
  for (RenameGroup& group : groups) {
    if (!ResolveGroup(group, groups_at, last_chance, now_ms)) {
      renames_.Keep(std::move(group));
    }
  }
}

EventTranslator::Found EventTranslator::Find(uint64_t inode, const RenameHalf& half, bool* is_directory) {
  const DiskEntry entry = disk_->LookAt(paths_.Absolute(half.path));
  if (entry.error != 0) {
    return IsAbsent(entry.error) ? Found::kGone : Found::kOther;
  }
  if (!entry.name.empty() && entry.name != BaseName(half.path)) {
    return Found::kRespelled;
  }
  *is_directory = entry.is_directory;
  return entry.inode == inode ? Found::kHere : Found::kOther;
}

bool EventTranslator::ResolveGroup(const RenameGroup& group,
                                   const std::unordered_map<std::string, int>& groups_at, bool last_chance,
                                   int64_t now_ms) {
  telling_id_ = group.lowest_id;
  const RenameHalf* here = nullptr;
  const RenameHalf* gone = nullptr;  // The first one: where it was before all that is told here.
  size_t here_count = 0;
  size_t gone_count = 0;
  bool is_directory = false;
  bool is_alone = true;
  uint32_t flags = 0;
  for (const RenameHalf& half : group.halves) {
    bool half_is_directory = false;
    switch (Find(group.inode, half, &half_is_directory)) {
      case Found::kHere:
        here = &half;
        here_count++;
        is_directory = half_is_directory;
        break;
      case Found::kGone:
        gone = gone == nullptr ? &half : gone;
        gone_count++;
        break;
      default:
        break;
    }
    is_alone = is_alone && groups_at.at(half.path) == 1;
    flags |= half.flags;
  }
  const bool is_move = here_count == 1 && gone_count >= 1 && here_count + gone_count == group.halves.size();
  if (!is_move && !last_chance) {
    return false;
  }
  if (is_move && !IsWithin(here->path, gone->path)) {
    const bool in_doubt = gone_count > 1 || !is_alone || (flags & (kContentFlags | kItemIsHardlink)) != 0 ||
                          IsMixed(flags) || now_ms - unknown_rename_ms_ <= options_.window_ms;
    TellMove(*gone, *here, is_directory, in_doubt, now_ms);
    for (const RenameHalf& half : group.halves) {
      if (&half != here && &half != gone) {
        Tell(half.path, half.flags, now_ms);
      }
    }
    return true;
  }
  for (const RenameHalf& half : group.halves) {
    Tell(half.path, half.flags, now_ms);
  }
  return true;
}

void EventTranslator::TellMove(const RenameHalf& from, const RenameHalf& to, bool is_directory, bool in_doubt,
                               int64_t now_ms) {
  paths_.Forget();
  NoteGone(from.path, from.flags);
  records_->Moved(ParentPath(from.path), BaseName(from.path), ParentPath(to.path), BaseName(to.path),
                  is_directory);
  NoteThere(to.path, to.flags);
  const auto attributes =
      static_cast<uint8_t>(((from.flags | to.flags) & kAttributeFlags) != 0 ? kAttrib : 0);
  const auto lost = moved_.AddMove(from.path, to.path, now_ms);
  const uint8_t content = in_doubt || !lost || moved_.HadContent(to.path, now_ms) ? kModified | kClosed : 0;
  if ((content | attributes) != 0) {
    Changed(to.path, static_cast<uint8_t>(content | attributes | DirectoryHint(is_directory)));
  }
  if (content != 0) {
    return;
  }
  if (is_directory) {
    records_->Rescan(to.path, RescanReason::kRecovered);
  }
  for (const RecentMoves::Lost& item : *lost) {
    Tell(paths_.Respell(item.path), item.flags, now_ms, 1);
  }
}

void EventTranslator::Tell(std::string_view relative, uint32_t flags, int64_t now_ms, int depth) {
  const DiskEntry entry = disk_->LookAt(paths_.Absolute(relative));
  if (IsAbsent(entry.error)) {
    TellGone(relative, flags, now_ms, depth);
    return;
  }
  std::string path(relative);
  if (!entry.name.empty() && entry.name != BaseName(relative)) {
    // There is no entry of this spelling, though it can be opened by it: a record of it would bring the file
    // to the target under a name it does not have. If the name is new, or an old one has gone, only a listing
    // tells.
    if ((flags & (kItemCreated | kItemRemoved | kItemRenamed)) != 0 || (flags & kItemFlags) == 0) {
      records_->Rescan(ParentPath(relative), RescanReason::kRecovered);
    }
    path = JoinPath(ParentPath(relative), entry.name);
  }
  NoteThere(path, flags);
  const bool is_new_here = (flags & (kContentFlags | kItemRenamed)) != 0;
  // Without item flags it is about what is in a directory, as history may have it.
  const bool is_vague = (flags & kItemFlags) == 0;
  if (entry.error != 0) {
    Changed(path,
            static_cast<uint8_t>(kModified | kClosed | kAttrib | DirectoryHint((flags & kItemIsDir) != 0)));
    return;
  }
  uint8_t hints = (flags & kAttributeFlags) != 0 ? kAttrib : 0;
  if (entry.is_directory) {
    // A directory that was made here is empty at first, and all that comes into it is told. One that came
    // from elsewhere brings along what is not.
    const bool brings_content = (flags & (kItemRenamed | kItemRemoved | kItemCloned)) != 0 ||
                                IsMixed(flags) || (is_new_here && (flags & kItemIsDir) == 0) || is_vague;
    hints |= kIsDirectory | (brings_content ? kModified | kClosed : kAttrib);
  } else {
    hints |= is_new_here || is_vague || IsMixed(flags) ? kModified | kClosed : 0;
  }
  Changed(path, hints);
  if ((hints & kModified) != 0) {
    moved_.AddContent(path, now_ms);
  }
}

void EventTranslator::TellGone(std::string_view relative, uint32_t flags, int64_t now_ms, int depth) {
  Changed(relative, static_cast<uint8_t>(kDeleted | DirectoryHint((flags & kItemIsDir) != 0)));
  NoteGone(relative, flags);
  if ((flags & (kItemCreated | kItemModified | kItemCloned | kItemRenamed)) == 0 || depth > kMaxFollowed) {
    return;
  }
  moved_.AddLost(relative, flags, now_ms);
  for (const std::string& place : moved_.Follow(relative)) {
    Tell(paths_.Respell(place), flags, now_ms, depth + 1);
  }
}

void EventTranslator::NoteGone(std::string_view relative, uint32_t flags) {
  if (!disk_->MayBeRespelled(BaseName(relative))) {
    return;
  }
  NoteThere(relative, flags);  // It was, for a while.
  gone_.Add(relative);
  if (!IsAscii(BaseName(relative))) {
    // The target may have it in another normalization: names are told differently at their creation and
    // deletion (reported: amule#312).
    rescans_.Add(ParentPath(relative), RescanReason::kRecovered, telling_id_);
  }
}

void EventTranslator::NoteThere(std::string_view relative, uint32_t flags) {
  if (!disk_->MayBeRespelled(BaseName(relative))) {
    return;
  }
  if (gone_.HadLike(relative)) {
    records_->Rescan(ParentPath(relative), RescanReason::kRecovered);
  } else if (replaying_ && (flags & (kItemCreated | kItemRenamed | kItemRemoved)) != 0) {
    // What was told as gone before the watch began is not known.
    rescans_.Add(ParentPath(relative), RescanReason::kRecovered, telling_id_);
  }
}

void EventTranslator::Changed(std::string_view relative, uint8_t hints) {
  const std::string directory(ParentPath(relative));
  if (keys_.size() > kMaxKeys) {
    keys_.clear();
  }
  const auto [known, is_new] = keys_.try_emplace(directory, next_key_);
  next_key_ += is_new ? 1 : 0;
  records_->Changed(known->second, directory, BaseName(relative), hints);
}

int64_t EventTranslator::Housekeep(int64_t now_ms) {
  if (now_ms >= root_.NextMs()) {
    switch (root_.Check(now_ms)) {
      case RootCheck::Verdict::kAway:
        renames_.Clear();
        rescans_.Clear();
        break;
      case RootCheck::Verdict::kBack:
        source_->Restart();
        replaying_ = resuming_ = false;
        rescans_.Clear();
        records_->Rescan({}, RescanReason::kRecovered);
        break;
      case RootCheck::Verdict::kSame:
        break;
    }
  }
  paths_.Forget();
  moved_.Expire(now_ms);
  Resolve(renames_.TakeSeenBy(now_ms - options_.window_ms), true, now_ms);
  int64_t next_ms = root_.NextMs();
  if (!root_.Away()) {
    if (rescans_.DueMs().value_or(now_ms + 1) <= now_ms) {
      TellDueRescans(now_ms);
    }
    next_ms = std::min(next_ms, rescans_.DueMs().value_or(next_ms));
  }
  if (const auto oldest = renames_.OldestSeenMs()) {
    next_ms = std::min(next_ms, *oldest + options_.window_ms);
  }
  return next_ms;
}

void EventTranslator::TellDueRescans(int64_t now_ms) {
  bool overflowed = false;
  const std::vector<DueRescans::Scope> scopes = rescans_.Take(now_ms, true);
  for (const DueRescans::Scope& scope : scopes) {
    if (scope.reason == RescanReason::kOverflow && !overflowed) {
      overflowed = true;
      records_->Coverage({}, CoverageState::kScanning, CoverageReason::kOverflow, 0, 0, 0);
    }
    records_->Rescan(NearestThere(scope.directory), scope.reason);
  }
  if (overflowed && !resuming_) {
    records_->Coverage({}, CoverageState::kWatching, CoverageReason::kOverflow, 0, 0, 0);
  }
}

uint64_t EventTranslator::ToldId() const {
  uint64_t told = told_id_;
  for (const std::optional<uint64_t> waiting : {renames_.LowestId(), rescans_.LowestId()}) {
    if (waiting) {
      told = std::min(told, *waiting == 0 ? 0 : *waiting - 1);
    }
  }
  return told;
}

}  // namespace syncline
