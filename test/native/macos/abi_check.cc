// Keeps the fake CoreServices honest: what native/macos relies on, asserted of whichever headers it is
// compiled with. On Linux those are the fakes; on a Mac Apple's own:
//   c++ -std=c++20 -fsyntax-only test/native/macos/abi_check.cc
#include <CoreServices/CoreServices.h>
#include <dispatch/dispatch.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace {

static_assert(sizeof(CFIndex) == 8 && std::is_signed_v<CFIndex>);
static_assert(sizeof(Boolean) == 1);
static_assert(sizeof(FSEventStreamEventFlags) == 4 && std::is_unsigned_v<FSEventStreamEventFlags>);
static_assert(sizeof(FSEventStreamCreateFlags) == 4);
static_assert(sizeof(FSEventStreamEventId) == 8 && std::is_unsigned_v<FSEventStreamEventId>);
static_assert(std::is_same_v<CFTimeInterval, double>);
static_assert(sizeof(FSEventStreamContext) == 40);
static_assert(offsetof(FSEventStreamContext, info) == 8);
static_assert(offsetof(FSEventStreamContext, retain) == 16);
static_assert(offsetof(FSEventStreamContext, release) == 24);
static_assert(offsetof(FSEventStreamContext, copyDescription) == 32);

static_assert(kFSEventStreamCreateFlagUseCFTypes == 0x1);
static_assert(kFSEventStreamCreateFlagNoDefer == 0x2);
static_assert(kFSEventStreamCreateFlagWatchRoot == 0x4);
static_assert(kFSEventStreamCreateFlagFileEvents == 0x10);
static_assert(kFSEventStreamCreateFlagUseExtendedData == 0x40);
static_assert(kFSEventStreamEventFlagMustScanSubDirs == 0x1);
static_assert(kFSEventStreamEventFlagUserDropped == 0x2);
static_assert(kFSEventStreamEventFlagKernelDropped == 0x4);
static_assert(kFSEventStreamEventFlagEventIdsWrapped == 0x8);
static_assert(kFSEventStreamEventFlagHistoryDone == 0x10);
static_assert(kFSEventStreamEventFlagRootChanged == 0x20);
static_assert(kFSEventStreamEventFlagMount == 0x40);
static_assert(kFSEventStreamEventFlagUnmount == 0x80);
static_assert(kFSEventStreamEventFlagItemCreated == 0x100);
static_assert(kFSEventStreamEventFlagItemRemoved == 0x200);
static_assert(kFSEventStreamEventFlagItemInodeMetaMod == 0x400);
static_assert(kFSEventStreamEventFlagItemRenamed == 0x800);
static_assert(kFSEventStreamEventFlagItemModified == 0x1000);
static_assert(kFSEventStreamEventFlagItemFinderInfoMod == 0x2000);
static_assert(kFSEventStreamEventFlagItemChangeOwner == 0x4000);
static_assert(kFSEventStreamEventFlagItemXattrMod == 0x8000);
static_assert(kFSEventStreamEventFlagItemIsFile == 0x10000);
static_assert(kFSEventStreamEventFlagItemIsDir == 0x20000);
static_assert(kFSEventStreamEventFlagItemIsSymlink == 0x40000);
static_assert(kFSEventStreamEventFlagOwnEvent == 0x80000);
static_assert(kFSEventStreamEventFlagItemIsHardlink == 0x100000);
static_assert(kFSEventStreamEventFlagItemIsLastHardlink == 0x200000);
static_assert(kFSEventStreamEventFlagItemCloned == 0x400000);
static_assert(kCFStringEncodingUTF8 == 0x08000100);
static_assert(kCFNumberSInt64Type == 4);

static_assert(std::is_same_v<FSEventStreamCallback,
                             void (*)(ConstFSEventStreamRef, void*, size_t, void*,
                                      const FSEventStreamEventFlags*, const FSEventStreamEventId*)>);
static_assert(
    std::is_same_v<decltype(FSEventStreamCreate),
                   FSEventStreamRef(CFAllocatorRef, FSEventStreamCallback, FSEventStreamContext*, CFArrayRef,
                                    FSEventStreamEventId, CFTimeInterval, FSEventStreamCreateFlags)>);
static_assert(
    std::is_same_v<decltype(FSEventStreamSetDispatchQueue), void(FSEventStreamRef, dispatch_queue_t)>);
static_assert(std::is_same_v<decltype(FSEventStreamStart), Boolean(FSEventStreamRef)>);
static_assert(std::is_same_v<decltype(FSEventStreamFlushSync), void(FSEventStreamRef)>);
static_assert(std::is_same_v<decltype(FSEventStreamStop), void(FSEventStreamRef)>);
static_assert(std::is_same_v<decltype(FSEventStreamInvalidate), void(FSEventStreamRef)>);
static_assert(std::is_same_v<decltype(FSEventStreamRelease), void(FSEventStreamRef)>);
static_assert(std::is_same_v<decltype(FSEventsGetCurrentEventId), FSEventStreamEventId()>);
static_assert(std::is_same_v<decltype(FSEventsCopyUUIDForDevice), CFUUIDRef(dev_t)>);
static_assert(std::is_same_v<decltype(CFRelease), void(CFTypeRef)>);
static_assert(std::is_same_v<decltype(CFStringCreateWithBytes),
                             CFStringRef(CFAllocatorRef, const UInt8*, CFIndex, CFStringEncoding, Boolean)>);
static_assert(std::is_same_v<decltype(CFStringGetLength), CFIndex(CFStringRef)>);
static_assert(
    std::is_same_v<decltype(CFStringGetMaximumSizeForEncoding), CFIndex(CFIndex, CFStringEncoding)>);
static_assert(
    std::is_same_v<decltype(CFStringGetCString), Boolean(CFStringRef, char*, CFIndex, CFStringEncoding)>);
static_assert(std::is_same_v<decltype(CFArrayCreate),
                             CFArrayRef(CFAllocatorRef, const void**, CFIndex, const CFArrayCallBacks*)>);
static_assert(std::is_same_v<decltype(CFArrayGetValueAtIndex), const void*(CFArrayRef, CFIndex)>);
static_assert(std::is_same_v<decltype(CFDictionaryGetValue), const void*(CFDictionaryRef, const void*)>);
static_assert(std::is_same_v<decltype(CFNumberGetValue), Boolean(CFNumberRef, CFNumberType, void*)>);
static_assert(std::is_same_v<decltype(CFUUIDCreateString), CFStringRef(CFAllocatorRef, CFUUIDRef)>);
static_assert(
    std::is_same_v<decltype(dispatch_queue_create), dispatch_queue_t(const char*, dispatch_queue_attr_t)>);
static_assert(std::is_same_v<dispatch_function_t, void (*)(void*)>);
static_assert(std::is_same_v<decltype(dispatch_sync_f), void(dispatch_queue_t, void*, dispatch_function_t)>);

}  // namespace
