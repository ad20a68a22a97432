#pragma once

#include <sys/stat.h>

#include "copy/delivery_request.h"

namespace syncline {

// An entry whose attributes are set: by its descriptor where there is one, else by its name in the open
// directory `at`; a symlink is never followed.
struct AttributedNode {
  int fd = -1;
  int at = -1;
  const char* name = nullptr;
};

// What could not be set.
struct AttributesResult {
  // 0 or an errno.
  int error = 0;
  const char* operation = nullptr;
  // The source's could not be read: a problem of that side.
  bool reading = false;
  // The target does not take it from this user or on this file system: not a problem of the entry.
  bool refused = false;
  // What was to be set; bits of ChangedPart.
  uint32_t parts = 0;
};

// One side of an entry.
struct AttributedSide {
  AttributedNode node;
  struct stat status;
};

// Makes owner, permission bits, extended attributes and modification time, those that are to be kept, as the
// source has them, where the target's differ; a dry run only says which. Owners are set by root alone, groups
// by others where they are members. All that can be set is set.
AttributesResult ApplyAttributes(const DeliveryRequest& request, const AttributedSide& source,
                                 const AttributedSide& target);

// Modification times to the nanosecond; st_mtim has another name on other systems.
timespec ModifiedTime(const struct stat& status);
timespec ChangedTime(const struct stat& status);
bool IsSameTime(const timespec& a, const timespec& b);

}  // namespace syncline
