#include "fake_core_services.h"

#include <CoreServices/CoreServices.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

namespace {

std::atomic<int> live_objects = 0;

[[noreturn]] void Misused(const char* what) {
  throw std::logic_error(std::string("fake CoreServices: ") + what);
}

// Everything of Core Foundation here; freed with its last reference, so that a late use is a use after free.
struct Object {
  Object() { live_objects++; }
  virtual ~Object() { live_objects--; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  std::atomic<int> references = 1;
};
struct Text final : Object {
  explicit Text(std::string given) : bytes(std::move(given)) {}
  std::string bytes;
};
struct Number final : Object {
  explicit Number(int64_t given) : value(given) {}
  int64_t value;
};
struct Array final : Object {
  ~Array() override;
  std::vector<const Object*> items;
};
struct Dictionary final : Object {
  ~Dictionary() override;
  std::map<std::string, const Object*> entries;
};

const Object* Of(const void* object) {
  if (object == nullptr) {
    Misused("a null object");
  }
  return static_cast<const Object*>(object);
}

void Retain(const Object* object) { const_cast<Object*>(object)->references++; }

void Release(const Object* object) {
  auto* mine = const_cast<Object*>(object);
  if (--mine->references == 0) {
    delete mine;
  }
}

Array::~Array() {
  for (const Object* item : items) {
    Release(item);
  }
}

Dictionary::~Dictionary() {
  for (const auto& [key, value] : entries) {
    Release(value);
  }
}

template <typename Kind>
const Kind* As(const void* object) {
  const auto* kind = dynamic_cast<const Kind*>(Of(object));
  if (kind == nullptr) {
    Misused("an object of another type");
  }
  return kind;
}

bool IsUtf8(const std::string& bytes) {
  for (size_t i = 0; i < bytes.size(); i++) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const int more = lead < 0x80                   ? 0
                     : lead >= 0xc2 && lead < 0xe0 ? 1
                     : lead >= 0xe0 && lead < 0xf0 ? 2
                     : lead >= 0xf0 && lead < 0xf5 ? 3
                                                   : -1;
    if (more < 0) {
      return false;
    }
    for (int k = 0; k < more; k++) {
      i++;
      if (i >= bytes.size() || (static_cast<unsigned char>(bytes[i]) & 0xc0) != 0x80) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

struct dispatch_queue_s {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> work;
  bool ended = false;
  std::atomic<int> references = 1;
  std::thread thread;
};

namespace {

void RunQueue(dispatch_queue_s* queue) {
  for (;;) {
    std::unique_lock lock(queue->mutex);
    queue->changed.wait(lock, [queue] { return queue->ended || !queue->work.empty(); });
    if (queue->work.empty()) {
      return;
    }
    const std::function<void()> work = std::move(queue->work.front());
    queue->work.pop_front();
    lock.unlock();
    work();
  }
}

void Enqueue(dispatch_queue_s* queue, std::function<void()> work) {
  const std::lock_guard lock(queue->mutex);
  if (queue->ended) {
    Misused("work for a queue that is released");
  }
  queue->work.push_back(std::move(work));
  queue->changed.notify_one();
}

}  // namespace

struct __FSEventStream {
  FSEventStreamCallback callback;
  FSEventStreamContext context;
  std::string path;
  uint64_t since;
  uint32_t flags;
  dispatch_queue_t queue = nullptr;
  bool started = false;
  bool invalidated = false;
  // What waits for the latency.
  std::vector<std::vector<syncline::FsEvent>> kept;
};

namespace {

std::mutex fake_mutex;  // Guards what follows.
std::set<FSEventStreamRef> streams;
bool refuse_start = false;
bool refuse_create = false;
int started_count = 0;
uint64_t newest_since = 0;
uint32_t newest_flags = 0;
std::string newest_path;
uint64_t latest_id = 1000;
std::string journal = "00000000-0000-0000-0000-000000000001";
std::vector<syncline::FsEvent> history;
bool holds_history_done = false;

void Call(FSEventStreamCallback callback, void* info, FSEventStreamRef stream,
          const std::vector<syncline::FsEvent>& events) {
  auto* entries = new Array;
  std::vector<FSEventStreamEventFlags> flags;
  std::vector<FSEventStreamEventId> ids;
  for (const syncline::FsEvent& event : events) {
    auto* entry = new Dictionary;
    entry->entries["path"] = new Text(event.path);
    if (event.inode != 0) {
      entry->entries["fileID"] = new Number(static_cast<int64_t>(event.inode));
    }
    entries->items.push_back(entry);
    flags.push_back(event.flags);
    ids.push_back(event.id);
  }
  callback(stream, info, events.size(), entries, flags.data(), ids.data());
  Release(entries);
}

// With the mutex held, so that the stream is there; the callback runs later, whatever became of it.
void Post(FSEventStreamRef stream, const std::vector<syncline::FsEvent>& events) {
  Enqueue(stream->queue, [callback = stream->callback, info = stream->context.info, stream, events] {
    Call(callback, info, stream, events);
  });
}

}  // namespace

extern "C" {

const CFArrayCallBacks kCFTypeArrayCallBacks = {};

void CFRelease(CFTypeRef object) { Release(Of(object)); }

CFStringRef CFStringCreateWithBytes(CFAllocatorRef /*allocator*/, const UInt8* bytes, CFIndex count,
                                    CFStringEncoding encoding, Boolean /*isExternalRepresentation*/) {
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
  if (encoding != kCFStringEncodingUTF8) {
    Misused("an encoding other than UTF-8");
  }
  return IsUtf8(text) ? reinterpret_cast<CFStringRef>(static_cast<Object*>(new Text(text))) : nullptr;
}

// In UTF-16 units; no more than there are bytes.
CFIndex CFStringGetLength(CFStringRef text) {
  CFIndex length = 0;
  for (const char c : As<Text>(text)->bytes) {
    const auto byte = static_cast<unsigned char>(c);
    length += (byte & 0xc0) == 0x80 ? 0 : byte >= 0xf0 ? 2 : 1;
  }
  return length;
}

CFIndex CFStringGetMaximumSizeForEncoding(CFIndex length, CFStringEncoding /*encoding*/) {
  return length * 3;
}

Boolean CFStringGetCString(CFStringRef text, char* buffer, CFIndex size, CFStringEncoding /*encoding*/) {
  const std::string& bytes = As<Text>(text)->bytes;
  if (!IsUtf8(bytes) || static_cast<size_t>(size) < bytes.size() + 1) {
    return 0;
  }
  std::memcpy(buffer, bytes.c_str(), bytes.size() + 1);
  return 1;
}

CFArrayRef CFArrayCreate(CFAllocatorRef /*allocator*/, const void** values, CFIndex count,
                         const CFArrayCallBacks* callbacks) {
  if (callbacks != &kCFTypeArrayCallBacks) {
    Misused("an array that does not retain");
  }
  auto* array = new Array;
  for (CFIndex i = 0; i < count; i++) {
    Retain(Of(values[i]));
    array->items.push_back(Of(values[i]));
  }
  return reinterpret_cast<CFArrayRef>(static_cast<Object*>(array));
}

const void* CFArrayGetValueAtIndex(CFArrayRef array, CFIndex index) {
  return As<Array>(array)->items.at(static_cast<size_t>(index));
}

const void* CFDictionaryGetValue(CFDictionaryRef dictionary, const void* key) {
  const auto& entries = As<Dictionary>(dictionary)->entries;
  const auto entry = entries.find(As<Text>(key)->bytes);
  return entry == entries.end() ? nullptr : entry->second;
}

Boolean CFNumberGetValue(CFNumberRef number, CFNumberType type, void* value) {
  if (type != kCFNumberSInt64Type) {
    Misused("a number of another type");
  }
  *static_cast<int64_t*>(value) = As<Number>(number)->value;
  return 1;
}

CFStringRef CFUUIDCreateString(CFAllocatorRef /*allocator*/, CFUUIDRef uuid) {
  return reinterpret_cast<CFStringRef>(static_cast<Object*>(new Text(As<Text>(uuid)->bytes)));
}

CFStringRef FakeConstantString(const char* text) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Text>> constants;
  const std::lock_guard lock(mutex);
  std::unique_ptr<Text>& constant = constants[text];
  if (constant == nullptr) {
    constant = std::make_unique<Text>(text);
    live_objects--;  // It is part of the program.
  }
  return reinterpret_cast<CFStringRef>(static_cast<Object*>(constant.get()));
}

dispatch_queue_t dispatch_queue_create(const char* /*label*/, dispatch_queue_attr_t attributes) {
  if (attributes != nullptr) {
    Misused("a queue that is not serial");
  }
  auto* queue = new dispatch_queue_s;
  live_objects++;
  queue->thread = std::thread(RunQueue, queue);
  return queue;
}

void dispatch_async_f(dispatch_queue_t queue, void* context, dispatch_function_t work) {
  Enqueue(queue, [context, work] { work(context); });
}

void dispatch_sync_f(dispatch_queue_t queue, void* context, dispatch_function_t work) {
  if (std::this_thread::get_id() == queue->thread.get_id()) {
    Misused("dispatch_sync_f on its own queue is a deadlock");
  }
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  Enqueue(queue, [&] {
    work(context);
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return done; });
}

void dispatch_release(dispatch_queue_t queue) {
  {
    const std::lock_guard lock(queue->mutex);
    queue->ended = true;
  }
  if (std::this_thread::get_id() == queue->thread.get_id()) {
    Misused("a queue released by itself");
  }
  queue->changed.notify_one();
  queue->thread.join();
  delete queue;
  live_objects--;
}

FSEventStreamRef FSEventStreamCreate(CFAllocatorRef /*allocator*/, FSEventStreamCallback callback,
                                     FSEventStreamContext* context, CFArrayRef paths,
                                     FSEventStreamEventId since, CFTimeInterval /*latency*/,
                                     FSEventStreamCreateFlags flags) {
  const std::lock_guard lock(fake_mutex);
  if (refuse_create) {
    return nullptr;
  }
  if ((flags & kFSEventStreamCreateFlagUseExtendedData) != 0 &&
      (flags & kFSEventStreamCreateFlagUseCFTypes) == 0) {
    Misused("UseExtendedData without UseCFTypes");
  }
  auto* stream = new __FSEventStream;
  live_objects++;
  stream->callback = callback;
  stream->context = *context;
  stream->path = As<Text>(As<Array>(paths)->items.at(0))->bytes;
  stream->since = since;
  stream->flags = flags;
  return stream;
}

void FSEventStreamSetDispatchQueue(FSEventStreamRef stream, dispatch_queue_t queue) {
  if (stream->started || queue == nullptr) {
    Misused("a queue set too late, or none");
  }
  stream->queue = queue;
}

Boolean FSEventStreamStart(FSEventStreamRef stream) {
  const std::lock_guard lock(fake_mutex);
  if (stream->queue == nullptr || stream->started) {
    Misused("a stream started before it has a queue, or twice");
  }
  if (refuse_start) {
    return 0;
  }
  stream->started = true;
  streams.insert(stream);
  started_count++;
  newest_since = stream->since;
  newest_flags = stream->flags;
  newest_path = stream->path;
  if (stream->since != UINT64_MAX) {
    std::vector<syncline::FsEvent> told;
    for (const syncline::FsEvent& event : history) {
      if (event.id > stream->since) {
        told.push_back(event);
      }
    }
    if (!holds_history_done) {
      told.push_back({stream->path, 0, kFSEventStreamEventFlagHistoryDone, 0});
    }
    if (!told.empty()) {
      Post(stream, told);
    }
  }
  return 1;
}

void FSEventStreamFlushSync(FSEventStreamRef stream) {
  {
    const std::lock_guard lock(fake_mutex);
    if (!stream->started) {
      Misused("a stream flushed that is not started");
    }
    for (const auto& events : stream->kept) {
      Post(stream, events);
    }
    stream->kept.clear();
  }
  dispatch_sync_f(stream->queue, nullptr, [](void* /*nothing*/) {});
}

void FSEventStreamStop(FSEventStreamRef stream) {
  const std::lock_guard lock(fake_mutex);
  if (!stream->started) {
    Misused("a stream stopped that is not started");
  }
  stream->started = false;
  streams.erase(stream);
}

void FSEventStreamInvalidate(FSEventStreamRef stream) {
  if (stream->queue == nullptr || stream->started || stream->invalidated) {
    Misused("a stream invalidated without a queue, before it is stopped, or twice");
  }
  stream->invalidated = true;
}

void FSEventStreamRelease(FSEventStreamRef stream) {
  if (stream == nullptr || !stream->invalidated) {
    Misused("a stream released before it is invalidated");
  }
  delete stream;
  live_objects--;
}

FSEventStreamEventId FSEventsGetCurrentEventId() {
  const std::lock_guard lock(fake_mutex);
  return latest_id;
}

CFUUIDRef FSEventsCopyUUIDForDevice(dev_t /*device*/) {
  const std::lock_guard lock(fake_mutex);
  return journal.empty() ? nullptr : reinterpret_cast<CFUUIDRef>(static_cast<Object*>(new Text(journal)));
}

}  // extern "C"

namespace syncline::testing::fake {

int LiveObjects() { return live_objects; }

void Deliver(const std::vector<FsEvent>& events) {
  const std::lock_guard lock(fake_mutex);
  for (FSEventStreamRef stream : streams) {
    Post(stream, events);
  }
}

void DeliverOnFlush(const std::vector<FsEvent>& events) {
  const std::lock_guard lock(fake_mutex);
  for (FSEventStreamRef stream : streams) {
    stream->kept.push_back(events);
  }
}

void Settle() {
  std::vector<dispatch_queue_t> queues;
  {
    const std::lock_guard lock(fake_mutex);
    for (FSEventStreamRef stream : streams) {
      queues.push_back(stream->queue);
    }
  }
  for (dispatch_queue_t queue : queues) {
    dispatch_sync_f(queue, nullptr, [](void* /*nothing*/) {});
  }
}

void RefuseStart(bool refuse) {
  const std::lock_guard lock(fake_mutex);
  refuse_start = refuse;
}

void RefuseCreate(bool refuse) {
  const std::lock_guard lock(fake_mutex);
  refuse_create = refuse;
}

int Started() {
  const std::lock_guard lock(fake_mutex);
  return started_count;
}

uint64_t Since() {
  const std::lock_guard lock(fake_mutex);
  return newest_since;
}

uint32_t CreateFlags() {
  const std::lock_guard lock(fake_mutex);
  return newest_flags;
}

std::string WatchedPath() {
  const std::lock_guard lock(fake_mutex);
  return newest_path;
}

void SetLatestId(uint64_t id) {
  const std::lock_guard lock(fake_mutex);
  latest_id = id;
}

void SetJournal(const std::string& uuid) {
  const std::lock_guard lock(fake_mutex);
  journal = uuid;
}

void SetHistory(const std::vector<FsEvent>& events) {
  const std::lock_guard lock(fake_mutex);
  history = events;
}

void HoldHistoryDone(bool holds) {
  const std::lock_guard lock(fake_mutex);
  holds_history_done = holds;
}

}  // namespace syncline::testing::fake
