#include "linux/interpreter.h"

#include <sys/inotify.h>

#include <algorithm>
#include <utility>

#include "watch/name_hash.h"
#include "watch/relative_path.h"

namespace syncline {
namespace {

uint8_t DirectoryHint(const InotifyEvent& event) { return (event.mask & IN_ISDIR) != 0 ? kIsDirectory : 0; }

}  // namespace

size_t Interpreter::PlaceHash::operator()(const std::pair<uint64_t, std::string>& place) const {
  return HashName(place.first, place.second);
}

void Interpreter::Apply(const InotifyEvent& event, int64_t now_ms) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    callbacks_.on_overflow();
    return;
  }
  const uint32_t id = tree_->watches.Find(event.watch);
  if (id >= WatchMap::kRetired) {
    tree_->NoteEarly(event.watch, event.mask, event.name);
    if ((event.mask & IN_IGNORED) != 0) {
      tree_->watches.Set(event.watch, WatchMap::kUnknown);
    }
    return;
  }
  if (event.name.empty()) {
    ApplySelf(id, event);
    return;
  }
  switch (event.mask & IN_ALL_EVENTS) {
    case IN_CREATE:
      ApplyCreate(id, event);
      break;
    case IN_DELETE:
      ApplyDelete(id, event);
      break;
    case IN_MOVED_FROM:
      ApplyMovedFrom(id, event, now_ms);
      break;
    case IN_MOVED_TO:
      ApplyMovedTo(id, event, now_ms);
      break;
    case IN_MODIFY:
      tree_->EmitChanged(id, event.name, kModified);
      break;
    case IN_CLOSE_WRITE:
      tree_->EmitChanged(id, event.name, kModified | kClosed);
      break;
    case IN_ATTRIB: {
      tree_->EmitChanged(id, event.name, static_cast<uint8_t>(kAttrib | DirectoryHint(event)));
      const uint32_t child =
          (event.mask & IN_ISDIR) != 0 ? tree_->table.Find(id, event.name) : DirectoryTable::kNone;
      if (child != DirectoryTable::kNone && tree_->table.Has(child, kBlind)) {
        tree_->EnqueueScan(child, 0);
      }
      break;
    }
    default:
      break;
  }
}

void Interpreter::ApplySelf(uint32_t id, const InotifyEvent& event) {
  DirectoryTable& table = tree_->table;
  const bool is_root = id == DirectoryTable::kRoot;
  if ((event.mask & IN_IGNORED) != 0) {
    WatchEnded(id, event.watch);
    return;
  }
  if ((event.mask & IN_UNMOUNT) != 0) {
    table.Set(id, kLost);
  }
  if ((event.mask & IN_DELETE_SELF) != 0) {
    table.Set(id, kDying);
  }
  if (is_root && (event.mask & (IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
    callbacks_.on_root_changed();
  }
  if ((event.mask & IN_ATTRIB) != 0) {
    if (!is_root && table.ParentOf(id) == DirectoryTable::kNone && !table.Has(id, kLimbo)) {
      table.Set(id, kDying);  // The kernel tells of its link count if the move has replaced it.
    }
    // Its parent reports the same, if it is watched.
    if (is_root) {
      tree_->EmitChanged(id, {}, kAttrib | kIsDirectory);
    } else if (table.ParentOf(id) != DirectoryTable::kNone &&
               table.WatchOf(table.ParentOf(id)) == DirectoryTable::kNoWatch) {
      tree_->EmitChanged(table.ParentOf(id), table.NameOf(id), kAttrib | kIsDirectory);
    }
  }
}

void Interpreter::WatchEnded(uint32_t id, int32_t watch) {
  DirectoryTable& table = tree_->table;
  tree_->watches.Set(watch, WatchMap::kUnknown);
  if (table.WatchOf(id) != watch) {
    return;
  }
  table.SetWatch(id, DirectoryTable::kNoWatch);
  if (id == DirectoryTable::kRoot) {
    callbacks_.on_root_changed();
    return;
  }
  const uint32_t parent = table.ParentOf(id);
  if (parent == DirectoryTable::kNone) {
    if (!table.Has(id, kLimbo)) {
      tree_->FreeDetached(id);  // It was displaced by a move, and is gone.
    }
    return;
  }
  // Of a deleted directory its parent tells the name next. Otherwise something took the watch: see what is
  // there.
  if (!table.Has(id, kDying) || table.WatchOf(parent) == DirectoryTable::kNoWatch) {
    tree_->EnqueueScan(id, kRelist);
  } else {
    tree_->ended.push_back(table.RefOf(id));
  }
}

void Interpreter::EndBlock() {
  for (const NodeRef ref : tree_->ended) {
    if (tree_->table.Alive(ref) && tree_->table.WatchOf(ref.id) == DirectoryTable::kNoWatch) {
      tree_->EnqueueScan(ref.id, kRelist);
    }
  }
  tree_->ended.clear();
}

void Interpreter::Occupy(uint32_t id, std::string_view name) {
  if (vacated_.empty()) {
    return;
  }
  const auto vacated = vacated_.find({tree_->table.RefOf(id).Key(), std::string(name)});
  if (vacated == vacated_.end()) {
    return;
  }
  // rename(2) queues both halves while it holds the locks of both directories, and so does everything that
  // gives or takes a name. Something new by the old name means that the second half will never come.
  if (const std::optional<MoveSource> source = pairs_.TakeSource(vacated->second)) {
    DropUnpaired(*source);
  }
}

void Interpreter::ApplyCreate(uint32_t id, const InotifyEvent& event) {
  Occupy(id, event.name);
  tree_->EmitChanged(id, event.name, static_cast<uint8_t>(kCreated | DirectoryHint(event)));
  if ((event.mask & IN_ISDIR) != 0) {
    tree_->AddDirectory(id, event.name, kReport);
  }
}

void Interpreter::ApplyDelete(uint32_t id, const InotifyEvent& event) {
  tree_->EmitChanged(id, event.name, static_cast<uint8_t>(kDeleted | DirectoryHint(event)));
  if ((event.mask & IN_ISDIR) != 0) {
    const uint32_t child = tree_->table.Find(id, event.name);
    if (child != DirectoryTable::kNone) {
      tree_->Remove(child);
    }
  }
}

void Interpreter::ApplyMovedFrom(uint32_t id, const InotifyEvent& event, int64_t now_ms) {
  DirectoryTable& table = tree_->table;
  MoveSource source;
  source.directory = table.RefOf(id);
  if (table.PathOf(id, &path_)) {
    source.directory_path = path_;
  }
  source.name = event.name;
  source.is_directory = (event.mask & IN_ISDIR) != 0;
  source.seen_ms = now_ms;
  source.cookie = event.cookie;
  vacated_[{source.directory.Key(), source.name}] = event.cookie;
  const uint32_t child = table.Find(id, event.name);
  const auto displaced = displaced_.find({source.directory.Key(), source.name});
  bool is_exchange = false;
  if (displaced != displaced_.end()) {
    const NodeRef aside = displaced->second.node;
    const bool waits = table.Alive(aside) && table.ParentOf(aside.id) == DirectoryTable::kNone &&
                       !table.Has(aside.id, kLimbo);
    // It is not known from the events: the other half of an exchange takes away what the first half pushed
    // aside; or a move has replaced that, and what replaced it moves on.
    source.uncertain = waits || !displaced->second.watched;
    is_exchange = waits && !table.Has(aside.id, kDying);
    displaced_.erase(displaced);
    if (is_exchange) {
      source.node = aside;
      table.Set(aside.id, kLimbo);
    } else {
      DropDisplaced(aside);
    }
  }
  if (!is_exchange && source.is_directory && child != DirectoryTable::kNone) {
    if (table.Has(child, kExcluded)) {
      tree_->Remove(child);
    } else {
      source.node = table.RefOf(child);
      tree_->MoveToLimbo(child);
    }
  }
  if (source.uncertain) {
    tree_->AddDirectory(id, event.name, kReport);
  }
  const std::optional<MoveSource> unpaired = pairs_.AddSource(event.cookie, std::move(source));
  if (unpaired) {
    DropUnpaired(*unpaired);
  }
}

void Interpreter::Displace(uint32_t id, std::string_view name, int64_t now_ms) {
  DirectoryTable& table = tree_->table;
  const uint32_t there = table.Find(id, name);
  if (there == DirectoryTable::kNone) {
    return;
  }
  Displaced& entry = displaced_[{table.RefOf(id).Key(), std::string(name)}];
  DropDisplaced(entry.node);
  entry = {table.RefOf(there), table.WatchOf(there) != DirectoryTable::kNoWatch, now_ms};
  if (table.Has(there, kExcluded)) {
    tree_->Remove(there);
    return;
  }
  tree_->Detach(there);
  table.Clear(there, kDying);
  tree_->records.ForgetPaths();
}

void Interpreter::DropDisplaced(NodeRef node) {
  DirectoryTable& table = tree_->table;
  // A scan may have found it elsewhere, or the second half of an exchange has.
  if (table.Alive(node) && table.ParentOf(node.id) == DirectoryTable::kNone && !table.Has(node.id, kLimbo)) {
    tree_->FreeDetached(node.id);
  }
}

void Interpreter::ApplyMovedTo(uint32_t id, const InotifyEvent& event, int64_t now_ms) {
  DirectoryTable& table = tree_->table;
  const bool is_directory = (event.mask & IN_ISDIR) != 0;
  std::optional<MoveSource> source = pairs_.TakeSource(event.cookie);
  if (source) {
    vacated_.erase({source->directory.Key(), source->name});
  }
  Occupy(id, event.name);
  const uint32_t there = table.Find(id, event.name);
  const bool already_here = source && there != DirectoryTable::kNone && source->node == table.RefOf(there);
  if (!already_here && there != DirectoryTable::kNone) {
    Displace(id, event.name, now_ms);
  }
  if (!source) {
    tree_->EmitChanged(id, event.name, static_cast<uint8_t>(kModified | kClosed | DirectoryHint(event)));
    if (is_directory) {
      tree_->AddDirectory(id, event.name, kRelist | kReport);
      tree_->EmitMovedIn(id, event.name);
    }
    return;
  }
  std::optional<std::string> from = source->directory_path;
  if (table.Alive(source->directory) && table.PathOf(source->directory.id, &path_)) {
    from = path_;
  }
  const bool to_known = table.PathOf(id, &path_);
  if (from && to_known) {
    tree_->records.Moved(*from, source->name, path_, event.name, is_directory);
  } else {
    // Without a place to, it notes the subtree whose place is not known yet.
    tree_->EmitChanged(id, event.name, static_cast<uint8_t>(kModified | kClosed | DirectoryHint(event)));
    if (is_directory) {
      tree_->EmitMovedIn(id, event.name);
    }
  }
  if (is_directory) {
    PlaceMovedDirectory(id, event.name, *source);
  }
}

void Interpreter::PlaceMovedDirectory(uint32_t id, std::string_view name, const MoveSource& source) {
  DirectoryTable& table = tree_->table;
  if (!table.Alive(source.node)) {
    // Nothing is known of its contents: it was left out or not yet seen where it was.
    tree_->AddDirectory(id, name, kRelist | kReport);
    tree_->EmitMovedIn(id, name);
    return;
  }
  const uint32_t node = source.node.id;
  if (table.IsWithin(id, node)) {
    // A directory cannot move below itself.
    if (table.ParentOf(node) == DirectoryTable::kNone) {
      tree_->FreeDetached(node);
    }
    tree_->DistrustAll();
    return;
  }
  const bool uncertain = source.uncertain || !table.Has(node, kLimbo);
  tree_->MoveTo(node, id, name);
  if (uncertain && table.Alive(source.node)) {
    tree_->EnqueueScan(node, 0);
  }
}

void Interpreter::DropUnpaired(const MoveSource& source) {
  DirectoryTable& table = tree_->table;
  vacated_.erase({source.directory.Key(), source.name});
  if (table.Alive(source.directory)) {
    tree_->EmitChanged(source.directory.id, source.name,
                       static_cast<uint8_t>(kDeleted | (source.is_directory ? kIsDirectory : 0)));
  }
  if (table.Alive(source.node) && table.ParentOf(source.node.id) == DirectoryTable::kNone) {
    tree_->FreeDetached(source.node.id);
  }
}

void Interpreter::ExpireMoves(int64_t seen_ms) {
  for (const MoveSource& source : pairs_.TakeSeenBy(seen_ms)) {
    DropUnpaired(source);
  }
  for (auto at = displaced_.begin(); at != displaced_.end();) {
    if (at->second.seen_ms <= seen_ms) {
      DropDisplaced(at->second.node);
      at = displaced_.erase(at);
    } else {
      ++at;
    }
  }
}

std::optional<int64_t> Interpreter::OldestMoveMs() {
  std::optional<int64_t> oldest = pairs_.OldestSeenMs();
  for (const auto& [place, displaced] : displaced_) {
    oldest = std::min(oldest.value_or(displaced.seen_ms), displaced.seen_ms);
  }
  return oldest;
}

}  // namespace syncline
