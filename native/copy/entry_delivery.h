#pragma once

#include <memory>
#include <string>

#include "copy/open_pair.h"

namespace syncline {

// What is known of a name on the target.
enum class Presence { kUnknown, kAbsent };

// How one name is to be brought up to date.
struct EntryTask {
  std::string name;
  Presence presence = Presence::kUnknown;
  bool new_content = false;
  // A directory is compared with all below it.
  bool recursive = false;
  // Files of equal size are compared by what is in them.
  bool by_content = false;
  // The same as `new_content` for a file with several names, where hard links are kept.
  bool new_content_if_linked = false;
  // Not to be linked to another name of its file.
  bool alone = false;
};

// Makes the name in `pair` what it is on the source: missing, a file (copied by a task of its own), a
// directory, anything else. What the filter hides is left alone. Never throws.
void DeliverEntry(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair, const EntryTask& task);

// Deletes the name on the target with all below it, unless deletions are off or the filter keeps it.
void DeleteEntry(DeliveryContext& context, const OpenPair& pair, const std::string& name);

// Makes the name another one of the file that has been delivered as `first`, a path of the target; brings it
// up to date by itself where that cannot be.
void DeliverLink(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair, const std::string& name,
                 const std::string& first, bool new_content);

// Compares a directory with all below it, files of equal size by their times or by what is in them: what
// differs is delivered, what is too much deleted.
void CompareDirectory(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair, bool by_content);

}  // namespace syncline
