#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>

#include "copy/changed_parts.h"
#include "copy/open_pair.h"

namespace syncline {

// Each of these makes one entry of the target like the source's, which is no directory: complete under a
// temporary name first, then renamed over whatever has the name. What cannot be done is in the report.

// A regular file, attributes included. One that changes while it is read is read again, a large one or after
// a few tries delivered as it was read and reported for a recheck.
void CopyFile(DeliveryContext& context, const OpenPair& pair, const std::string& name);

// A symlink, which leads to `link`.
void CopySymlink(DeliveryContext& context, const OpenPair& pair, const std::string& name,
                 const struct stat& source, const std::string& link);

// A fifo, socket or device.
void CopySpecial(DeliveryContext& context, const OpenPair& pair, const std::string& name,
                 const struct stat& source);

// Gives an entry that is equal but for its attributes those of the source.
void CopyAttributesOf(DeliveryContext& context, const OpenPair& pair, const std::string& name,
                      const struct stat& source, const struct stat& target);

// Makes the entry another name of the file that `first`, a path below the target's root, is there. False when
// that cannot be, and it has to be copied.
bool LinkEntry(DeliveryContext& context, const OpenPair& pair, const std::string& name,
               const struct stat& source, const std::string& first);

// In a dry run: tells that the entry would be copied or linked over `target` (null: nothing is there), with
// what else differs.
void TellCopy(DeliveryContext& context, const OpenPair& pair, const std::string& name,
              const struct stat& source, const struct stat* target, ChangeWay way, uint32_t parts);

// Where a symlink leads to. False with errno set.
bool ReadLink(int at, const std::string& name, std::string* link);

}  // namespace syncline
