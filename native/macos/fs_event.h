#pragma once

#include <cstdint>
#include <string>

namespace syncline {

// Bits of FsEvent::flags: kFSEventStreamEventFlag... of FSEvents.h, equal numbers (event_stream.cc checks).
enum FsEventFlag : uint32_t {
  kMustScanSubDirs = 0x1,
  kUserDropped = 0x2,
  kKernelDropped = 0x4,
  kEventIdsWrapped = 0x8,
  kHistoryDone = 0x10,
  kRootChanged = 0x20,
  kMount = 0x40,
  kUnmount = 0x80,
  kItemCreated = 0x100,
  kItemRemoved = 0x200,
  kItemInodeMetaMod = 0x400,
  kItemRenamed = 0x800,
  kItemModified = 0x1000,
  kItemFinderInfoMod = 0x2000,
  kItemChangeOwner = 0x4000,
  kItemXattrMod = 0x8000,
  kItemIsFile = 0x10000,
  kItemIsDir = 0x20000,
  kItemIsSymlink = 0x40000,
  kOwnEvent = 0x80000,
  kItemIsHardlink = 0x100000,
  kItemIsLastHardlink = 0x200000,
  kItemCloned = 0x400000,
};

// One entry of a callback of FSEvents, copied. The flags are what may have happened to the path lately, old
// and new, in no order; the id is that of the newest change among them, and 0 for kRootChanged.
struct FsEvent {
  std::string path;    // absolute, raw bytes as reported: symlinks resolved, any case and normalization
  uint64_t inode = 0;  // 0: not told
  uint32_t flags = 0;
  uint64_t id = 0;
};

}  // namespace syncline
