#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "../watch/read_records.h"
#include "filter/rule_list.h"
#include "macos/source_paths.h"
#include "simulated_disk.h"
#include "watch/relative_path.h"

namespace syncline::testing {

// A target as the pipeline and rsync make it one: on a case-sensitive disk, told names, and looking at the
// simulated disk when it is told to. Files whose content is not in doubt are taken as equal if size and time
// are.
class MirrorModel {
 public:
  MirrorModel(SimulatedDisk* source, const RuleList* rules)
      : source_(source), rules_(rules), top_(std::make_shared<SimulatedInode>()) {
    top_->is_directory = true;
    Compare("", true);
  }

  // One window: the moves in order, then the names, then the subtrees, all as the disk is now. What has
  // happened until now (`latest_id`) and is not told yet (behind `told_id`) may have been seen by that look:
  // a move of what was looked at is not trusted until it is told, as the pipeline's barrier has it.
  void Deliver(const std::vector<Record>& records, uint64_t told_id, uint64_t latest_id);

  // Path to type, content and mode.
  std::map<std::string, std::string> Contents() const {
    std::map<std::string, std::string> contents;
    List(top_, "", &contents);
    return contents;
  }
  // The same of the source, without what is excluded.
  std::map<std::string, std::string> Wanted() const {
    std::map<std::string, std::string> contents;
    List(source_->Top(), "", &contents);
    std::erase_if(contents, [this](const auto& item) { return Excluded(item.first); });
    return contents;
  }

 private:
  struct Doubt {
    bool deleted = false;
    bool by_content = false;  // of a file, or of a directory with all below it
    bool subtree = false;     // of a directory, by size and time
  };

  static void List(const InodePtr& directory, const std::string& path,
                   std::map<std::string, std::string>* contents);
  bool Excluded(const std::string& path) const {
    std::string above;
    for (const std::string& part : PartsOf(path)) {
      above = JoinPath(above, part);
      if (rules_->ExcludesEntry(above, true)) {
        return true;
      }
    }
    return false;
  }
  InodePtr Find(std::string_view path) const {
    InodePtr at = top_;
    for (const std::string& part : PartsOf(path)) {
      const auto child = at->children.find(part);
      if (!at->is_directory || child == at->children.end()) {
        return nullptr;
      }
      at = child->second;
    }
    return at;
  }
  bool Touched(const std::string& path) const;
  bool MakeMove(const std::string& from, const std::string& to, bool is_directory);
  // Brings one name up to date; of a directory only the name and mode.
  void BringUp(const std::string& path, bool by_content);
  void Copy(const std::string& path, const InodePtr& from, bool by_content);
  void Compare(const std::string& path, bool by_content);

  SimulatedDisk* const source_;
  const RuleList* const rules_;
  const InodePtr top_;
  std::map<std::string, uint64_t> touched_;  // looked at, to the newest id of that time
};

inline void MirrorModel::List(const InodePtr& directory, const std::string& path,
                              std::map<std::string, std::string>* contents) {
  for (const auto& [name, inode] : directory->children) {
    const std::string at = JoinPath(path, name);
    (*contents)[at] =
        (inode->is_directory ? "d " : "f " + inode->content + " ") + std::to_string(inode->mode);
    if (inode->is_directory) {
      List(inode, at, contents);
    }
  }
}

inline bool MirrorModel::Touched(const std::string& path) const {
  return std::any_of(touched_.begin(), touched_.end(), [&](const auto& item) {
    return IsWithin(item.first, path) || IsWithin(path, item.first);
  });
}

inline void MirrorModel::Deliver(const std::vector<Record>& records, uint64_t told_id, uint64_t latest_id) {
  std::map<std::string, Doubt> doubts;
  std::vector<std::string> missed;
  std::vector<std::pair<Record, Record>> moves;
  for (size_t i = 0; i < records.size(); i++) {
    const Record& record = records[i];
    const std::string path = record.Path();
    if (record.kind == SlotKind::kChanged) {
      Doubt& doubt = doubts[path];
      const bool is_directory = (record.hints & kIsDirectory) != 0;
      const bool made_anew = doubt.deleted && (record.hints & kDeleted) == 0;
      doubt.deleted = (record.hints & kDeleted) != 0;
      if (doubt.deleted) {
        // A deletion takes what is known of the name and below it along.
        doubt = {true, false, is_directory};
        std::erase_if(doubts,
                      [&](const auto& item) { return item.first != path && IsWithin(item.first, path); });
      } else {
        doubt.by_content = doubt.by_content || made_anew || (record.hints & kModified) != 0;
      }
    } else if (record.kind == SlotKind::kRescan) {
      const bool takes_place = record.hints == static_cast<uint8_t>(RescanReason::kMovedIn);
      Doubt& doubt = doubts[record.directory];
      doubt.by_content = doubt.by_content || takes_place || doubt.deleted;
      doubt.subtree = true;
      std::erase_if(doubts, [&](const auto& item) {
        return item.first != record.directory && IsWithin(item.first, record.directory) &&
               !item.second.by_content;
      });
    } else if (record.kind == SlotKind::kMovedFrom) {
      const std::string to = records[i + 1].Path();
      const bool is_directory = (records[i + 1].hints & kIsDirectory) != 0;
      bool unsure = Touched(path) || Touched(to);
      for (const auto& [known, doubt] : doubts) {
        unsure = unsure || (is_directory && known != to && IsWithin(known, to)) ||
                 (is_directory && known == to && doubt.deleted) || (known == path && doubt.deleted);
      }
      std::map<std::string, Doubt> carried;
      for (auto at = doubts.begin(); at != doubts.end();) {
        if (IsWithin(at->first, path)) {
          carried[to + at->first.substr(path.size())] = at->second;
          at = doubts.erase(at);
        } else {
          ++at;
        }
      }
      std::erase_if(doubts, [&](const auto& item) { return IsWithin(item.first, to); });
      doubts.merge(carried);
      doubts[path] = {true, false, is_directory};
      Doubt& arrived = doubts[to];
      arrived.deleted = false;
      arrived.by_content = arrived.by_content || unsure;
      moves.emplace_back(record, records[i + 1]);
      i++;
    }
  }
  std::erase_if(touched_, [told_id](const auto& item) { return item.second <= told_id; });
  for (const auto& [from, to] : moves) {
    const bool is_directory = (to.hints & kIsDirectory) != 0;
    if (!MakeMove(from.Path(), to.Path(), is_directory)) {
      doubts[to.Path()].by_content = true;
    }
  }
  for (const auto& [path, doubt] : doubts) {
    BringUp(path, doubt.by_content);
    touched_[path] = latest_id;
  }
  for (const auto& [path, doubt] : doubts) {
    if (doubt.subtree || doubt.by_content) {
      Compare(path, doubt.by_content);
    }
  }
}

inline bool MirrorModel::MakeMove(const std::string& from, const std::string& to, bool is_directory) {
  const InodePtr moved = Find(from);
  const InodePtr there = Find(to);
  const InodePtr parent = Find(ParentPath(to));
  if (moved == nullptr || moved->is_directory != is_directory || parent == nullptr || !parent->is_directory ||
      IsWithin(to, from)) {
    return false;
  }
  if (there != nullptr && (there->is_directory != is_directory || !there->children.empty())) {
    return false;
  }
  Find(ParentPath(from))->children.erase(std::string(BaseName(from)));
  parent->children[std::string(BaseName(to))] = moved;
  return true;
}

inline void MirrorModel::BringUp(const std::string& path, bool by_content) {
  if (path.empty() || Excluded(path)) {
    return;
  }
  const InodePtr wanted = source_->At(path);
  if (wanted == nullptr) {
    const InodePtr parent = Find(ParentPath(path));
    if (parent != nullptr) {
      parent->children.erase(std::string(BaseName(path)));
    }
    return;
  }
  // The topmost directory that is missing is compared whole.
  std::string above;
  for (const std::string& part : PartsOf(ParentPath(path))) {
    above = JoinPath(above, part);
    const InodePtr there = Find(above);
    if (there == nullptr || !there->is_directory) {
      Copy(above, source_->At(above), by_content);
      Compare(above, by_content);
    }
  }
  Copy(path, wanted, by_content);
}

inline void MirrorModel::Copy(const std::string& path, const InodePtr& from, bool by_content) {
  InodePtr& there = Find(ParentPath(path))->children[std::string(BaseName(path))];
  if (there == nullptr || there->is_directory != from->is_directory) {
    there = std::make_shared<SimulatedInode>();
    there->is_directory = from->is_directory;
    by_content = true;
  }
  there->mode = from->mode;
  if (!from->is_directory && (by_content || there->stamp != from->stamp)) {
    there->content = from->content;
    there->stamp = from->stamp;
  }
}

inline void MirrorModel::Compare(const std::string& path, bool by_content) {
  const InodePtr from = source_->At(path);
  const InodePtr to = Find(path);
  if (from == nullptr || to == nullptr || !from->is_directory || !to->is_directory || Excluded(path)) {
    return;
  }
  std::erase_if(to->children, [&](const auto& child) {
    return !from->children.contains(child.first) && !Excluded(JoinPath(path, child.first));
  });
  for (const auto& [name, child] : from->children) {
    const std::string at = JoinPath(path, name);
    if (!Excluded(at)) {
      Copy(at, child, by_content);
      Compare(at, by_content);
    }
  }
}

}  // namespace syncline::testing
