#include "fake/fake_core_services.h"

#include <CoreServices/CoreServices.h>
#include <dispatch/dispatch.h>
#include <doctest/doctest.h>

#include <stdexcept>

// The fake must notice what it is there to notice: calls in an order that Apple's own punishes, and leaks.
namespace syncline::testing {
namespace {

void Ignore(ConstFSEventStreamRef /*stream*/, void* /*info*/, size_t /*count*/, void* /*paths*/,
            const FSEventStreamEventFlags* /*flags*/, const FSEventStreamEventId* /*ids*/) {}

FSEventStreamRef NewStream(FSEventStreamCreateFlags flags) {
  CFStringRef path =
      CFStringCreateWithBytes(nullptr, reinterpret_cast<const UInt8*>("/r"), 2, kCFStringEncodingUTF8, 0);
  const void* items[] = {path};
  CFArrayRef paths = CFArrayCreate(nullptr, items, 1, &kCFTypeArrayCallBacks);
  CFRelease(path);
  FSEventStreamContext context = {0, nullptr, nullptr, nullptr, nullptr};
  try {
    FSEventStreamRef stream = FSEventStreamCreate(nullptr, Ignore, &context, paths, 1000, 0.02, flags);
    CFRelease(paths);
    return stream;
  } catch (...) {
    CFRelease(paths);
    throw;
  }
}

}  // namespace

TEST_CASE("the fake CoreServices takes a stream's calls in the right order alone") {
  const int before = fake::LiveObjects();
  const dispatch_queue_t queue = dispatch_queue_create("test", nullptr);
  const FSEventStreamRef stream = NewStream(kFSEventStreamCreateFlagFileEvents);
  CHECK(fake::LiveObjects() == before + 2);
  CHECK_THROWS_AS(FSEventStreamStart(stream), std::logic_error);  // no queue yet
  CHECK_THROWS_AS(FSEventStreamInvalidate(stream), std::logic_error);
  CHECK_THROWS_AS(FSEventStreamSetDispatchQueue(stream, nullptr), std::logic_error);
  FSEventStreamSetDispatchQueue(stream, queue);
  CHECK_THROWS_AS(FSEventStreamStop(stream), std::logic_error);  // not started
  CHECK_THROWS_AS(FSEventStreamFlushSync(stream), std::logic_error);
  CHECK(FSEventStreamStart(stream) != 0);
  // The end of the history is told on the queue's thread, with objects of its own.
  FSEventStreamFlushSync(stream);
  CHECK_THROWS_AS(FSEventStreamStart(stream), std::logic_error);
  CHECK_THROWS_AS(FSEventStreamSetDispatchQueue(stream, queue), std::logic_error);
  CHECK_THROWS_AS(FSEventStreamInvalidate(stream), std::logic_error);  // not stopped
  CHECK_THROWS_AS(FSEventStreamRelease(stream), std::logic_error);     // nor invalidated
  FSEventStreamStop(stream);
  CHECK_THROWS_AS(FSEventStreamStop(stream), std::logic_error);
  CHECK_THROWS_AS(FSEventStreamRelease(stream), std::logic_error);
  FSEventStreamInvalidate(stream);
  CHECK_THROWS_AS(FSEventStreamInvalidate(stream), std::logic_error);
  CHECK(fake::LiveObjects() == before + 2);
  FSEventStreamRelease(stream);
  CHECK_THROWS_AS(FSEventStreamRelease(nullptr), std::logic_error);
  CHECK(fake::LiveObjects() == before + 1);
  dispatch_release(queue);
  CHECK(fake::LiveObjects() == before);
}

TEST_CASE("the fake CoreServices takes no inodes without objects, and counts what is not released") {
  const int before = fake::LiveObjects();
  CHECK_THROWS_AS(NewStream(kFSEventStreamCreateFlagUseExtendedData), std::logic_error);
  CHECK(fake::LiveObjects() == before);
  CHECK_THROWS_AS(CFRelease(nullptr), std::logic_error);
  CFUUIDRef kept = FSEventsCopyUUIDForDevice(1);
  CHECK(fake::LiveObjects() == before + 1);
  CFRelease(kept);
  CHECK(fake::LiveObjects() == before);
}

}  // namespace syncline::testing
