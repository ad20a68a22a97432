#include "linux/watched_tree.h"

#include <fcntl.h>
#include <sys/inotify.h>

#include <algorithm>
#include <utility>

namespace syncline {

WatchedTree::WatchedTree(const WatchOptions& watch_options, KernelCalls* kernel_calls, int inotify)
    : options(watch_options),
      calls(kernel_calls),
      inotify_fd(inotify),
      records(watch_options.max_pending_bytes) {}

void WatchedTree::EmitChanged(uint32_t directory, std::string_view name, uint8_t hints) {
  const uint64_t key = table.RefOf(directory).Key();
  if (records.ChangedKnown(key, name, hints)) {
    return;
  }
  if (table.PathOf(directory, &path_)) {
    records.Changed(key, path_, name, hints);
  } else {
    NoteInLimbo(directory);
  }
}

uint32_t WatchedTree::TopOf(uint32_t id) const {
  while (table.ParentOf(id) != DirectoryTable::kNone) {
    id = table.ParentOf(id);
  }
  return id;
}

void WatchedTree::NoteInLimbo(uint32_t id) { table.Set(TopOf(id), kLimboDirty); }

void WatchedTree::EmitRescan(uint32_t directory, RescanReason reason) {
  if (table.PathOf(directory, &path_)) {
    records.Rescan(path_, reason);
  }
}

void WatchedTree::EmitMovedIn(uint32_t directory, std::string_view name) {
  if (table.PathOf(directory, &path_)) {
    path_ += path_.empty() ? "" : "/";
    path_ += name;
    records.Rescan(path_, RescanReason::kMovedIn);
  }
}

void WatchedTree::EmitCoverage(std::string_view path, CoverageState state, CoverageReason reason, int error) {
  records.Coverage(path, state, reason, static_cast<uint32_t>(error), watches.LiveCount(), unwatched);
}

void WatchedTree::EnqueueScan(uint32_t id, uint32_t flags) {
  table.Set(id, flags);
  // What a scan leads to belongs to its epoch, also where a later one wants the same: a barrier waits for it.
  if (table.Has(id, kQueued) && work_ == nullptr) {
    return;
  }
  table.Set(id, kQueued);
  ScanGroup group;
  group.nodes.push_back(table.RefOf(id));
  if (work_ != nullptr) {
    queue.PushInEpochOf(*work_, std::move(group));
  } else {
    queue.Push(std::move(group));
  }
}

bool WatchedTree::Excludes(std::string_view path) const {
  return options.filter != nullptr && options.filter->ExcludesEntry(path, true);
}

uint32_t WatchedTree::FindOrAdd(uint32_t parent, std::string_view name, bool* is_new) {
  bool excluded = false;
  if (options.filter != nullptr) {
    if (!table.PathOf(parent, &path_)) {
      return DirectoryTable::kNone;
    }
    if (!path_.empty()) {
      path_ += '/';
    }
    path_ += name;
    excluded = Excludes(path_);
  }
  uint32_t id = table.Find(parent, name);
  if (id != DirectoryTable::kNone && table.Has(id, kExcluded) != excluded) {
    Remove(id);
    id = DirectoryTable::kNone;
  }
  *is_new = id == DirectoryTable::kNone;
  if (*is_new) {
    id = table.Add(parent, name);
    if (excluded) {
      table.Set(id, kExcluded);
      excluded_++;
    }
    CountDirectories();
  }
  table.Set(id, kSeen);
  return id;
}

uint32_t WatchedTree::AddDirectory(uint32_t parent, std::string_view name, uint32_t flags) {
  bool is_new = false;
  const uint32_t id = FindOrAdd(parent, name, &is_new);
  if (id != DirectoryTable::kNone) {
    table.Touch(id);
    if (!table.Has(id, kExcluded)) {
      EnqueueScan(id, flags);
    }
  }
  return id;
}

void WatchedTree::AddListed(uint32_t parent, std::string_view name, uint32_t flags,
                            std::vector<NodeRef>* found) {
  bool is_new = false;
  const uint32_t id = FindOrAdd(parent, name, &is_new);
  if (id == DirectoryTable::kNone || table.Has(id, kExcluded)) {
    return;
  }
  const bool deep = (flags & kDeep) != 0;
  const bool settled = table.WatchOf(id) != DirectoryTable::kNoWatch || table.Has(id, kBlind | kUnwatched);
  if (!is_new && !deep && settled) {
    return;
  }
  table.Set(id, flags | (deep ? kRelist : 0U));
  table.Set(id, kQueued);
  found->push_back(table.RefOf(id));
}

uint32_t WatchedTree::Replace(uint32_t id) {
  const uint32_t parent = table.ParentOf(id);
  const std::string name(table.NameOf(id));
  Remove(id);
  id = table.Add(parent, name);
  table.Set(id, kSeen);
  CountDirectories();
  records.ForgetPaths();
  return id;
}

void WatchedTree::EndAttempt() {
  if (--attempts_ == 0) {
    early_.clear();
  }
}

void WatchedTree::NoteEarly(int32_t watch, uint32_t mask, std::string_view name) {
  constexpr size_t kMaxEarlyEvents = 256;
  if (attempts_ == 0) {
    return;
  }
  if ((mask & IN_IGNORED) != 0) {
    early_[watch].ended = true;
    return;
  }
  if (name.empty()) {
    return;
  }
  EarlyEvents& early = early_[watch];
  if (early.events.size() == kMaxEarlyEvents) {
    early.too_many = true;
  } else {
    early.events.push_back({mask, std::string(name)});
  }
}

bool WatchedTree::EndedEarly(int32_t watch) const {
  const auto early = early_.find(watch);
  return early != early_.end() && early->second.ended;
}

void WatchedTree::TellEarly(uint32_t id, int32_t watch) {
  const auto found = early_.find(watch);
  if (found == early_.end()) {
    return;
  }
  const EarlyEvents early = std::move(found->second);
  early_.erase(found);
  if (early.too_many) {
    EmitRescan(id, RescanReason::kRecovered);
    return;
  }
  for (const auto& [mask, name] : early.events) {
    const bool is_directory = (mask & IN_ISDIR) != 0;
    EmitChanged(id, name, is_directory ? kIsDirectory : 0);
    if (is_directory && (mask & IN_MOVED_TO) != 0) {
      EmitMovedIn(id, name);
    }
  }
}

void WatchedTree::ReleaseUnknown(int32_t watch) {
  if (watch >= 0 && watches.Find(watch) >= WatchMap::kRetired && !EndedEarly(watch)) {
    watches.Set(watch, WatchMap::kRetired);
    EndWatch(watch);
  }
}

void WatchedTree::EndWatch(int32_t watch) {
  inotify_rm_watch(inotify_fd, watch);
  if (attempts_ > 0) {
    // An attempt under way may have got the same watch, and may be put in before its IN_IGNORED comes.
    early_[watch].ended = true;
  }
}

void WatchedTree::DistrustAll() {
  EmitRescan(DirectoryTable::kRoot, RescanReason::kRecovered);
  EnqueueScan(DirectoryTable::kRoot, kRelist | kDeep);
}

void WatchedTree::Remove(uint32_t id) {
  table.Detach(id);
  FreeDetached(id);
}

void WatchedTree::FreeDetached(uint32_t id) {
  const size_t before = retired_.size();
  const DirectoryTable::Freed freed = table.FreeSubtree(id, &retired_);
  unwatched -= freed.unwatched;
  excluded_ -= freed.excluded;
  for (size_t i = before; i < retired_.size(); i++) {
    watches.Set(retired_[i], WatchMap::kRetired);
  }
  CountDirectories();
}

void WatchedTree::Detach(uint32_t id) {
  // What was noted of a subtree holds for a part of it that goes another way.
  const bool noted = table.Has(TopOf(id), kLimboDirty);
  table.Detach(id);
  if (noted) {
    table.Set(id, kLimboDirty);
  }
}

void WatchedTree::MoveToLimbo(uint32_t id) {
  Detach(id);
  table.Set(id, kLimbo);
  records.ForgetPaths();
}

void WatchedTree::MoveTo(uint32_t id, uint32_t parent, std::string_view name) {
  const std::string kept(name);  // It may be the name of a node that is about to go.
  if (table.ParentOf(id) != DirectoryTable::kNone) {
    Detach(id);
  }
  const uint32_t there = table.Find(parent, kept);
  if (there != DirectoryTable::kNone) {
    Remove(there);
  }
  table.Attach(id, parent, kept);
  table.Clear(id, kLimbo | kDying);
  table.Set(id, kSeen);
  records.ForgetPaths();
  const bool known = table.PathOf(id, &path_);
  if (known && Excludes(path_)) {
    Remove(id);
    AddDirectory(parent, kept, 0);
    return;
  }
  if (table.Has(id, kExcluded)) {
    table.Clear(id, kExcluded);
    excluded_--;
    CountDirectories();
  }
  if (table.WatchOf(id) == DirectoryTable::kNoWatch) {
    EnqueueScan(id, 0);
  }
  if (table.Has(id, kLimboDirty)) {
    table.Clear(id, kLimboDirty);
    EnqueueScan(id, kRelist | kDeep);
    EmitRescan(id, RescanReason::kMovedIn);
  }
  CheckExcludedBelow(id);
}

void WatchedTree::CheckExcludedBelow(uint32_t id) {
  if (excluded_ == 0) {
    return;
  }
  std::vector<uint32_t> pending = {id};
  std::vector<uint32_t> found;
  while (!pending.empty()) {
    const uint32_t at = pending.back();
    pending.pop_back();
    for (uint32_t child = table.FirstChildOf(at); child != DirectoryTable::kNone;
         child = table.NextSiblingOf(child)) {
      (table.Has(child, kExcluded) ? found : pending).push_back(child);
    }
  }
  for (const uint32_t child : found) {
    if (table.PathOf(child, &path_) && !Excludes(path_)) {
      table.Clear(child, kExcluded);
      excluded_--;
      EnqueueScan(child, 0);
      EmitRescan(child, RescanReason::kMovedIn);
    }
  }
  CountDirectories();
}

bool WatchedTree::RemoveRetiredWatches() {
  constexpr size_t kSlice = 128;
  for (size_t i = 0; i < kSlice && !retired_.empty(); i++) {
    const int32_t watch = retired_.back();
    retired_.pop_back();
    // A scan may have found the directory again meanwhile. Its IN_IGNORED ends the entry.
    if (watches.Find(watch) == WatchMap::kRetired) {
      EndWatch(watch);
    }
  }
  if (retired_.empty()) {
    retired_.shrink_to_fit();
  }
  return !retired_.empty();
}

std::shared_ptr<OpenDirectory> WatchedTree::OpenRoot() {
  const std::lock_guard lock(root_mutex_);
  std::shared_ptr<OpenDirectory> root = root_.lock();
  if (root) {
    return root;
  }
  UniqueFd fd(open(options.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  RootIdentity identity;
  if (!fd.Valid() || IdentifyDirectory(fd.Get(), &identity) != 0 || identity != root_identity) {
    return nullptr;
  }
  root =
      std::make_shared<OpenDirectory>(std::move(fd), NodeRef{}, DirectoryTable::kNoWatch, queue.OpenCount());
  root_ = root;
  return root;
}

}  // namespace syncline
