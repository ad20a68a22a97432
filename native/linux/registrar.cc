#include "linux/registrar.h"

#include <cerrno>
#include <memory>
#include <string>

#include "linux/root_identity.h"
#include "watch/relative_path.h"

namespace syncline {

bool Registrar::Begin(const ScanGroup& work, Attempt* attempt) {
  DirectoryTable& table = tree_->table;
  const NodeRef ref = attempt->ref;
  Place& place = attempt->place;
  if (!table.Alive(ref)) {
    return false;
  }
  place.parent = table.ParentOf(ref.id);
  place.touches = table.TouchesOf(ref.id);
  table.Clear(ref.id, kQueued);
  const bool from_parent = work.parent && place.parent == work.parent->node.id &&
                           table.Alive(work.parent->node) && work.parent->watch != DirectoryTable::kNoWatch &&
                           work.parent->watch == table.WatchOf(place.parent);
  if (!from_parent && !table.PathOf(ref.id, &attempt->path)) {
    // In a subtree whose new place is not known yet: scanned from its top when it is.
    tree_->NoteInLimbo(ref.id);
    return false;
  }
  if (ref.id != DirectoryTable::kRoot) {
    place.name = table.NameOf(ref.id);
    const bool below_root = place.parent == DirectoryTable::kRoot;
    attempt->check = from_parent || below_root ? ParentCheck::kNotNeeded : ParentCheck::kByWatch;
  }
  tree_->BeginAttempt();
  return true;
}

bool Registrar::FitsTable(const Attempt& attempt) const {
  const DirectoryTable& table = tree_->table;
  const uint32_t id = attempt.ref.id;
  if (!table.Alive(attempt.ref)) {
    return true;
  }
  if (!attempt.fd.Valid() || table.TouchesOf(id) != attempt.place.touches || !IsParentKnown(attempt)) {
    return false;
  }
  if (attempt.watch >= 0) {
    const uint32_t owner = tree_->watches.Find(attempt.watch);
    const bool is_new = owner == WatchMap::kUnknown && table.WatchOf(id) == DirectoryTable::kNoWatch &&
                        !tree_->EndedEarly(attempt.watch);
    if (owner != id && !is_new) {
      return false;
    }
  }
  return true;
}

bool Registrar::IsParentKnown(const Attempt& attempt) const {
  if (attempt.check != ParentCheck::kByWatch) {
    return attempt.check == ParentCheck::kNotNeeded;
  }
  const int32_t watch = tree_->table.WatchOf(attempt.place.parent);
  return watch == DirectoryTable::kNoWatch || watch == attempt.parent_watch;
}

Registrar::Verdict Registrar::Settle(Attempt* attempt) {
  DirectoryTable& table = tree_->table;
  const NodeRef ref = attempt->ref;
  const Place& place = attempt->place;
  Verdict verdict = Verdict::kNothing;
  if (table.Alive(ref)) {
    if (attempt->error == ESTALE) {
      // When the root is back everything is scanned anew.
    } else if (table.TouchesOf(ref.id) != place.touches ||
               (attempt->watch >= 0 && tree_->EndedEarly(attempt->watch))) {
      tree_->EnqueueScan(ref.id, 0);
    } else if (!IsParentKnown(*attempt)) {
      SettleMisplaced(*attempt);
    } else if (!attempt->fd.Valid()) {
      SettleFailed(*attempt);
    } else {
      verdict = Register(attempt);
    }
  }
  tree_->ReleaseUnknown(attempt->watch);
  tree_->ReleaseUnknown(attempt->parent_watch);
  tree_->EndAttempt();
  return verdict;
}

void Registrar::SettleMisplaced(const Attempt& attempt) {
  if (!tree_->table.Has(attempt.ref.id, kMisplaced)) {
    // By now the events that were queued then have told where it is.
    tree_->EnqueueScan(attempt.ref.id, kMisplaced);
    return;
  }
  tree_->table.Clear(attempt.ref.id, kMisplaced);
  tree_->EnqueueScan(attempt.place.parent, kRelist | kDeep);
}

void Registrar::SettleFailed(const Attempt& attempt) {
  const NodeRef ref = attempt.ref;
  const int error = attempt.error;
  if (error != ENOENT && error != ENOTDIR && error != ELOOP) {
    MarkBlind(ref.id, CoverageReason::kUnreadable, error);
  } else if (ref.id != DirectoryTable::kRoot) {
    tree_->Remove(ref.id);
    tree_->EmitChanged(attempt.place.parent, attempt.place.name, 0);
  }
}

Registrar::Verdict Registrar::Register(Attempt* attempt) {
  DirectoryTable& table = tree_->table;
  const int32_t watch = attempt->watch;
  bool fresh = false;
  if (watch < 0) {
    const int error = attempt->watch_error;
    if (error != ENOSPC) {
      MarkBlind(attempt->ref.id,
                error == EACCES ? CoverageReason::kUnreadable : CoverageReason::kOtherFileSystem, error);
      return Verdict::kNothing;
    }
    // Listed without a watch, so that the number needed becomes known.
    TakeFlags(attempt);
    NoWatchLeft(attempt->ref);
    fresh = !table.Has(attempt->ref.id, kComplete);
  } else {
    TakeFlags(attempt);
    const uint32_t owner = tree_->watches.Find(watch);
    fresh = owner != attempt->ref.id;
    if (owner >= WatchMap::kRetired) {
      Bind(attempt, owner == WatchMap::kRetired);
    } else if (fresh && !TakeOver(attempt, owner)) {
      return Verdict::kNothing;
    }
    if (table.Has(attempt->ref.id, kBlind)) {
      attempt->flags |= kDeep;  // What is below is to be compared when it is watched, too.
    }
    fresh = Recovered(attempt->ref.id) || fresh;
  }
  const uint32_t id = attempt->ref.id;
  const uint32_t flags = attempt->flags;
  if (!fresh && (flags & (kRelist | kReport)) == 0 && table.Has(id, kComplete)) {
    return Verdict::kNothing;
  }
  if (table.Has(id, kScanning)) {
    table.Set(id, kRelist | (flags & (kReport | kDeep)));  // Whoever is at it queues it again.
    return Verdict::kNothing;
  }
  table.Set(id, kScanning | kComplete);
  const bool sweep = table.FirstChildOf(id) != DirectoryTable::kNone;
  for (uint32_t child = table.FirstChildOf(id); child != DirectoryTable::kNone;
       child = table.NextSiblingOf(child)) {
    table.Clear(child, kSeen);
  }
  return sweep ? Verdict::kListAndSweep : Verdict::kList;
}

void Registrar::TakeFlags(Attempt* attempt) {
  DirectoryTable& table = tree_->table;
  for (const uint32_t flag : {kReport, kRelist, kDeep}) {
    attempt->flags |= table.Has(attempt->ref.id, flag) ? flag : 0U;
  }
  table.Clear(attempt->ref.id, kReport | kRelist | kDeep | kMisplaced);
}

bool Registrar::TakeOver(Attempt* attempt, uint32_t owner) {
  DirectoryTable& table = tree_->table;
  const uint32_t id = attempt->ref.id;
  const uint32_t parent = table.ParentOf(id);
  if (owner == DirectoryTable::kRoot || IsAlias(id, owner, attempt->fd.Get())) {
    MarkBlind(id, CoverageReason::kOtherFileSystem, EXDEV);
    return false;
  }
  if (table.IsWithin(id, owner)) {
    // As the table has it, it was moved below itself: something else has its old name.
    table.SetWatch(owner, DirectoryTable::kNoWatch);
    tree_->EnqueueScan(owner, kRelist | kDeep);
    const int32_t old_watch = table.WatchOf(id);
    if (old_watch != DirectoryTable::kNoWatch) {
      tree_->watches.Set(old_watch, WatchMap::kUnknown);
      tree_->ReleaseUnknown(old_watch);
    }
    tree_->watches.Set(attempt->watch, id);
    table.SetWatch(id, attempt->watch);
    tree_->EmitRescan(id, RescanReason::kMovedIn);
    attempt->flags |= kRelist | kDeep;
    return true;
  }
  const NodeRef moved = table.RefOf(owner);
  const bool had_place = table.ParentOf(owner) != DirectoryTable::kNone;
  const NodeRef old_parent = had_place ? table.RefOf(table.ParentOf(owner)) : NodeRef{};
  const std::string old_name(table.NameOf(owner));
  tree_->MoveTo(owner, parent, std::string(table.NameOf(id)));
  if (table.Alive(moved)) {
    tree_->EmitRescan(owner, RescanReason::kMovedIn);
  }
  if (had_place && table.Alive(old_parent)) {
    tree_->EmitChanged(old_parent.id, old_name, kIsDirectory);
    tree_->AddDirectory(old_parent.id, old_name, kReport);
  }
  attempt->ref = moved;
  if (!table.Alive(moved)) {
    return false;
  }
  TakeFlags(attempt);
  return true;
}

bool Registrar::IsAlias(uint32_t id, uint32_t owner, int fd) {
  RootIdentity here;
  if (IdentifyDirectory(fd, &here) != 0) {
    return false;
  }
  const std::shared_ptr<OpenDirectory> root = tree_->OpenRoot();
  // The other place first, then this one again: a directory on the move is not at both.
  for (const uint32_t at : {owner, id}) {
    std::string path;
    RootIdentity there;
    if (!root || !tree_->table.PathOf(at, &path)) {
      return false;
    }
    const UniqueFd opened(OpenBeneath(tree_->calls, root->fd.Get(), path.data(), path.size()));
    if (!opened.Valid() || IdentifyDirectory(opened.Get(), &there) != 0 || here != there) {
      return false;
    }
  }
  return true;
}

void Registrar::Bind(Attempt* attempt, bool found_again) {
  DirectoryTable& table = tree_->table;
  const int32_t watch = attempt->watch;
  uint32_t id = attempt->ref.id;
  const int32_t old_watch = table.WatchOf(id);
  bool tell_all = found_again;
  if (old_watch != DirectoryTable::kNoWatch) {
    // Another directory has its name, which no event has told.
    tell_all = true;
    if (id != DirectoryTable::kRoot) {
      id = tree_->Replace(id);
      attempt->ref = table.RefOf(id);
    } else {
      tree_->watches.Set(old_watch, WatchMap::kUnknown);
      tree_->ReleaseUnknown(old_watch);
    }
  }
  tree_->watches.Set(watch, id);
  table.SetWatch(id, watch);
  if (table.Has(id, kLost)) {
    table.Clear(id, kLost);
    tree_->EmitRescan(id == DirectoryTable::kRoot ? id : table.ParentOf(id), RescanReason::kRecovered);
  } else if ((attempt->flags & kDeep) != 0 && tree_->in_pass) {
    tree_->found_unwatched = true;
  } else if ((attempt->flags & kDeep) != 0) {
    // Whoever compared at once may have been here before the watch was: once more, now that it is set.
    tree_->EmitRescan(attempt->ref.id, RescanReason::kRecovered);
  }
  if (tell_all || table.Has(id, kComplete)) {
    tree_->EmitRescan(id, RescanReason::kRecovered);
  } else {
    tree_->TellEarly(id, watch);
  }
  if (table.Has(id, kComplete) || table.FirstChildOf(id) != DirectoryTable::kNone) {
    attempt->flags |= kDeep;  // What is known below it may be of another directory.
  }
}

bool Registrar::Recovered(uint32_t id) {
  DirectoryTable& table = tree_->table;
  table.Clear(id, kDying);
  if (table.Has(id, kBlind)) {
    table.Clear(id, kBlind);
    std::string path;
    if (table.PathOf(id, &path)) {
      tree_->EmitCoverage(path, CoverageState::kWatching, CoverageReason::kRecovered, 0);
      tree_->records.Rescan(path, RescanReason::kRecovered);
    }
  }
  if (!table.Has(id, kUnwatched)) {
    return false;
  }
  table.Clear(id, kUnwatched);
  tree_->unwatched--;
  tree_->EmitRescan(id, RescanReason::kRecovered);
  return true;
}

void Registrar::NoWatchLeft(NodeRef ref) {
  DirectoryTable& table = tree_->table;
  tree_->limit_reached = true;
  if (table.WatchOf(ref.id) == DirectoryTable::kNoWatch && !table.Has(ref.id, kUnwatched)) {
    table.Set(ref.id, kUnwatched);
    tree_->unwatched++;
    tree_->over_limit.push_back(ref);
  }
}

void Registrar::MarkBlind(uint32_t id, CoverageReason reason, int error) {
  DirectoryTable& table = tree_->table;
  if (table.Has(id, kBlind)) {
    return;
  }
  table.Set(id, kBlind);
  tree_->blind.push_back(table.RefOf(id));
  std::string path;
  if (table.PathOf(id, &path)) {
    tree_->EmitCoverage(path, CoverageState::kBlind, reason, error);
  }
}

}  // namespace syncline
