#include "macos/event_stream.h"

#include <CoreServices/CoreServices.h>
#include <dispatch/dispatch.h>

#include <utility>

namespace syncline {
namespace {

constexpr bool IsSame(uint32_t ours, uint32_t theirs) { return ours == theirs; }

static_assert(IsSame(kMustScanSubDirs, kFSEventStreamEventFlagMustScanSubDirs));
static_assert(IsSame(kUserDropped, kFSEventStreamEventFlagUserDropped));
static_assert(IsSame(kKernelDropped, kFSEventStreamEventFlagKernelDropped));
static_assert(IsSame(kEventIdsWrapped, kFSEventStreamEventFlagEventIdsWrapped));
static_assert(IsSame(kHistoryDone, kFSEventStreamEventFlagHistoryDone));
static_assert(IsSame(kRootChanged, kFSEventStreamEventFlagRootChanged));
static_assert(IsSame(kMount, kFSEventStreamEventFlagMount));
static_assert(IsSame(kUnmount, kFSEventStreamEventFlagUnmount));
static_assert(IsSame(kItemCreated, kFSEventStreamEventFlagItemCreated));
static_assert(IsSame(kItemRemoved, kFSEventStreamEventFlagItemRemoved));
static_assert(IsSame(kItemInodeMetaMod, kFSEventStreamEventFlagItemInodeMetaMod));
static_assert(IsSame(kItemRenamed, kFSEventStreamEventFlagItemRenamed));
static_assert(IsSame(kItemModified, kFSEventStreamEventFlagItemModified));
static_assert(IsSame(kItemFinderInfoMod, kFSEventStreamEventFlagItemFinderInfoMod));
static_assert(IsSame(kItemChangeOwner, kFSEventStreamEventFlagItemChangeOwner));
static_assert(IsSame(kItemXattrMod, kFSEventStreamEventFlagItemXattrMod));
static_assert(IsSame(kItemIsFile, kFSEventStreamEventFlagItemIsFile));
static_assert(IsSame(kItemIsDir, kFSEventStreamEventFlagItemIsDir));
static_assert(IsSame(kItemIsSymlink, kFSEventStreamEventFlagItemIsSymlink));
static_assert(IsSame(kOwnEvent, kFSEventStreamEventFlagOwnEvent));
static_assert(IsSame(kItemIsHardlink, kFSEventStreamEventFlagItemIsHardlink));
static_assert(IsSame(kItemIsLastHardlink, kFSEventStreamEventFlagItemIsLastHardlink));
static_assert(IsSame(kItemCloned, kFSEventStreamEventFlagItemCloned));

// An object of Core Foundation that we own one reference of.
template <typename Ref>
class Owned {
 public:
  explicit Owned(Ref object) : object_(object) {}
  ~Owned() {
    if (object_ != nullptr) {
      CFRelease(object_);
    }
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Ref Get() const { return object_; }

 private:
  const Ref object_;
};

// The bytes of a path in UTF-8 as they came: unlike CFStringGetFileSystemRepresentation this does not
// decompose letters. False if it is no text.
bool BytesOf(CFStringRef text, std::string* bytes) {
  const CFIndex room = CFStringGetMaximumSizeForEncoding(CFStringGetLength(text), kCFStringEncodingUTF8) + 1;
  bytes->resize(static_cast<size_t>(room));
  if (CFStringGetCString(text, bytes->data(), room, kCFStringEncodingUTF8) == 0) {
    return false;
  }
  bytes->resize(bytes->find('\0'));
  return true;
}

class DispatchedStream final : public EventStream {
 public:
  explicit DispatchedStream(Sink sink)
      : sink_(std::move(sink)), queue_(dispatch_queue_create("syncline.fsevents", nullptr)) {}

  ~DispatchedStream() override {
    if (stream_ != nullptr) {
      // On the queue, so that no callback runs meanwhile. One that is queued already runs before the second
      // call returns, sees `ended_`, and is the last.
      dispatch_sync_f(queue_, this, &DispatchedStream::End);
      dispatch_sync_f(queue_, nullptr, [](void* /*nothing*/) {});
    }
    dispatch_release(queue_);
  }

  bool Begin(const std::string& directory, uint64_t since, double latency_seconds) {
    const Owned<CFStringRef> path(
        CFStringCreateWithBytes(nullptr, reinterpret_cast<const UInt8*>(directory.data()),
                                static_cast<CFIndex>(directory.size()), kCFStringEncodingUTF8, 0));
    if (path.Get() == nullptr) {
      return false;
    }
    const void* items[] = {path.Get()};
    const Owned<CFArrayRef> paths(CFArrayCreate(nullptr, items, 1, &kCFTypeArrayCallBacks));
    FSEventStreamContext context = {0, this, nullptr, nullptr, nullptr};
    // MarkSelf would not help: what this process changes in the tree is a change like any other.
    constexpr FSEventStreamCreateFlags kFlags =
        kFSEventStreamCreateFlagFileEvents | kFSEventStreamCreateFlagNoDefer |
        kFSEventStreamCreateFlagWatchRoot | kFSEventStreamCreateFlagUseCFTypes |
        kFSEventStreamCreateFlagUseExtendedData;
    stream_ = FSEventStreamCreate(nullptr, &DispatchedStream::OnEvents, &context, paths.Get(), since,
                                  latency_seconds, kFlags);
    if (stream_ == nullptr) {
      return false;
    }
    FSEventStreamSetDispatchQueue(stream_, queue_);
    started_ = FSEventStreamStart(stream_) != 0;
    return started_;
  }

  void Flush() override { FSEventStreamFlushSync(stream_); }

 private:
  static void End(void* self) {
    auto* stream = static_cast<DispatchedStream*>(self);
    stream->ended_ = true;
    if (stream->started_) {
      FSEventStreamStop(stream->stream_);
    }
    FSEventStreamInvalidate(stream->stream_);
    FSEventStreamRelease(stream->stream_);
  }

  // Everything given belongs to the system and is gone when this returns.
  static void OnEvents(ConstFSEventStreamRef /*stream*/, void* self, size_t count, void* paths,
                       const FSEventStreamEventFlags* flags, const FSEventStreamEventId* ids) {
    const auto* stream = static_cast<const DispatchedStream*>(self);
    if (stream->ended_) {
      return;
    }
    auto* const entries = static_cast<CFArrayRef>(paths);
    std::vector<FsEvent> events(count);
    for (size_t i = 0; i < count; i++) {
      FsEvent& event = events[i];
      event.flags = flags[i];
      event.id = ids[i];
      const auto entry =
          static_cast<CFDictionaryRef>(CFArrayGetValueAtIndex(entries, static_cast<CFIndex>(i)));
      const auto path =
          static_cast<CFStringRef>(CFDictionaryGetValue(entry, kFSEventStreamEventExtendedDataPathKey));
      if (path == nullptr || !BytesOf(path, &event.path)) {
        // What cannot be named is looked for everywhere.
        event.path.assign(1, '/');
        event.flags |= kMustScanSubDirs;
        continue;
      }
      const auto inode =
          static_cast<CFNumberRef>(CFDictionaryGetValue(entry, kFSEventStreamEventExtendedFileIDKey));
      int64_t number = 0;
      if (inode != nullptr && CFNumberGetValue(inode, kCFNumberSInt64Type, &number) != 0) {
        event.inode = static_cast<uint64_t>(number);
      }
    }
    stream->sink_(std::move(events));
  }

  const Sink sink_;
  const dispatch_queue_t queue_;
  FSEventStreamRef stream_ = nullptr;
  bool started_ = false;
  bool ended_ = false;  // of the queue
};

}  // namespace

std::unique_ptr<EventStream> EventStream::Start(const std::string& directory, uint64_t since,
                                                double latency_seconds, Sink sink) {
  auto stream = std::make_unique<DispatchedStream>(std::move(sink));
  if (!stream->Begin(directory, since, latency_seconds)) {
    return nullptr;
  }
  return stream;
}

uint64_t LatestEventId() { return FSEventsGetCurrentEventId(); }

std::string JournalOf(uint64_t device) {
  const Owned<CFUUIDRef> uuid(FSEventsCopyUUIDForDevice(static_cast<dev_t>(device)));
  if (uuid.Get() == nullptr) {
    return {};
  }
  const Owned<CFStringRef> text(CFUUIDCreateString(nullptr, uuid.Get()));
  std::string journal;
  return text.Get() != nullptr && BytesOf(text.Get(), &journal) ? journal : std::string();
}

}  // namespace syncline
