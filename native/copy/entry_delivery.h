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
  // A directory is compared with all below it, by a task of its own.
  bool recursive = false;
};

// Makes the name in `pair` what it is on the source: missing, a file (copied by a task of its own), a
// directory, anything else. What the filter hides is left alone. Never throws.
void DeliverEntry(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair, const EntryTask& task);

// Deletes the name on the target with all below it, unless deletions are off or the filter keeps it.
void DeleteEntry(DeliveryContext& context, const OpenPair& pair, const std::string& name);

// Compares a directory with all below it: what differs is delivered, what is too much deleted.
void CompareDirectory(DeliveryContext& context, const std::shared_ptr<OpenPair>& pair);

}  // namespace syncline
