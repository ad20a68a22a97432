#pragma once

// What native/macos uses of Core Foundation and FSEvents, declared as Apple's headers do it (abi_check.cc
// compiles against either), and made by fake_core_services.cc on systems that are no Mac.

#include <dispatch/dispatch.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

extern "C" {

using UInt8 = unsigned char;
using UInt32 = unsigned int;
using Boolean = unsigned char;
using CFIndex = long;
using CFTypeRef = const void*;
using CFStringEncoding = UInt32;
using CFTimeInterval = double;
using CFAllocatorRef = const struct __CFAllocator*;
using CFStringRef = const struct __CFString*;
using CFArrayRef = const struct __CFArray*;
using CFDictionaryRef = const struct __CFDictionary*;
using CFNumberRef = const struct __CFNumber*;
using CFUUIDRef = const struct __CFUUID*;
struct CFArrayCallBacks {
  CFIndex version;
  const void* (*retain)(CFAllocatorRef, const void*);
  void (*release)(CFAllocatorRef, const void*);
  CFStringRef (*copyDescription)(const void*);
  Boolean (*equal)(const void*, const void*);
};
extern const CFArrayCallBacks kCFTypeArrayCallBacks;
enum : CFStringEncoding { kCFStringEncodingUTF8 = 0x08000100 };
enum CFNumberType : CFIndex { kCFNumberSInt64Type = 4 };

void CFRelease(CFTypeRef object);
CFStringRef CFStringCreateWithBytes(CFAllocatorRef allocator, const UInt8* bytes, CFIndex count,
                                    CFStringEncoding encoding, Boolean isExternalRepresentation);
CFIndex CFStringGetLength(CFStringRef text);
CFIndex CFStringGetMaximumSizeForEncoding(CFIndex length, CFStringEncoding encoding);
Boolean CFStringGetCString(CFStringRef text, char* buffer, CFIndex size, CFStringEncoding encoding);
CFArrayRef CFArrayCreate(CFAllocatorRef allocator, const void** values, CFIndex count,
                         const CFArrayCallBacks* callbacks);
const void* CFArrayGetValueAtIndex(CFArrayRef array, CFIndex index);
const void* CFDictionaryGetValue(CFDictionaryRef dictionary, const void* key);
Boolean CFNumberGetValue(CFNumberRef number, CFNumberType type, void* value);
CFStringRef CFUUIDCreateString(CFAllocatorRef allocator, CFUUIDRef uuid);
CFStringRef FakeConstantString(const char* text);
#define CFSTR(text) FakeConstantString(text)

using FSEventStreamCreateFlags = UInt32;
using FSEventStreamEventFlags = UInt32;
using FSEventStreamEventId = uint64_t;
using FSEventStreamRef = struct __FSEventStream*;
using ConstFSEventStreamRef = const struct __FSEventStream*;
struct FSEventStreamContext {
  CFIndex version;
  void* info;
  const void* (*retain)(const void*);
  void (*release)(const void*);
  CFStringRef (*copyDescription)(const void*);
};
using FSEventStreamCallback = void (*)(ConstFSEventStreamRef stream, void* info, size_t count, void* paths,
                                       const FSEventStreamEventFlags* flags, const FSEventStreamEventId* ids);
enum : FSEventStreamCreateFlags {
  kFSEventStreamCreateFlagUseCFTypes = 0x1,
  kFSEventStreamCreateFlagNoDefer = 0x2,
  kFSEventStreamCreateFlagWatchRoot = 0x4,
  kFSEventStreamCreateFlagFileEvents = 0x10,
  kFSEventStreamCreateFlagUseExtendedData = 0x40,
};
enum : FSEventStreamEventFlags {
  kFSEventStreamEventFlagMustScanSubDirs = 0x1,
  kFSEventStreamEventFlagUserDropped = 0x2,
  kFSEventStreamEventFlagKernelDropped = 0x4,
  kFSEventStreamEventFlagEventIdsWrapped = 0x8,
  kFSEventStreamEventFlagHistoryDone = 0x10,
  kFSEventStreamEventFlagRootChanged = 0x20,
  kFSEventStreamEventFlagMount = 0x40,
  kFSEventStreamEventFlagUnmount = 0x80,
  kFSEventStreamEventFlagItemCreated = 0x100,
  kFSEventStreamEventFlagItemRemoved = 0x200,
  kFSEventStreamEventFlagItemInodeMetaMod = 0x400,
  kFSEventStreamEventFlagItemRenamed = 0x800,
  kFSEventStreamEventFlagItemModified = 0x1000,
  kFSEventStreamEventFlagItemFinderInfoMod = 0x2000,
  kFSEventStreamEventFlagItemChangeOwner = 0x4000,
  kFSEventStreamEventFlagItemXattrMod = 0x8000,
  kFSEventStreamEventFlagItemIsFile = 0x10000,
  kFSEventStreamEventFlagItemIsDir = 0x20000,
  kFSEventStreamEventFlagItemIsSymlink = 0x40000,
  kFSEventStreamEventFlagOwnEvent = 0x80000,
  kFSEventStreamEventFlagItemIsHardlink = 0x100000,
  kFSEventStreamEventFlagItemIsLastHardlink = 0x200000,
  kFSEventStreamEventFlagItemCloned = 0x400000,
};
#define kFSEventStreamEventExtendedDataPathKey CFSTR("path")
#define kFSEventStreamEventExtendedFileIDKey CFSTR("fileID")

FSEventStreamRef FSEventStreamCreate(CFAllocatorRef allocator, FSEventStreamCallback callback,
                                     FSEventStreamContext* context, CFArrayRef paths,
                                     FSEventStreamEventId since, CFTimeInterval latency,
                                     FSEventStreamCreateFlags flags);
void FSEventStreamSetDispatchQueue(FSEventStreamRef stream, dispatch_queue_t queue);
Boolean FSEventStreamStart(FSEventStreamRef stream);
void FSEventStreamFlushSync(FSEventStreamRef stream);
void FSEventStreamStop(FSEventStreamRef stream);
void FSEventStreamInvalidate(FSEventStreamRef stream);
void FSEventStreamRelease(FSEventStreamRef stream);
FSEventStreamEventId FSEventsGetCurrentEventId();
CFUUIDRef FSEventsCopyUUIDForDevice(dev_t device);

}  // extern "C"
