#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "macos/fs_event.h"

// Drives the fake CoreServices. Its Core Foundation counts the objects that live, its queues are threads, and
// a call that Apple's own would punish throws std::logic_error, which ends the process unless a test expects
// it.
namespace syncline::testing::fake {

// Objects, streams and queues that are not released.
int LiveObjects();

// Queues a callback of every stream that is started, as fseventsd would: it runs on the stream's queue, even
// if the stream is stopped by then. What it is given is freed right after it.
void Deliver(const std::vector<FsEvent>& events);
// The same, but kept until the stream is flushed, as behind the latency.
void DeliverOnFlush(const std::vector<FsEvent>& events);
// Returns when all that was delivered has been told. No stream may end meanwhile.
void Settle();
// The flag of the next stream: FSEventStreamStart says no, FSEventStreamCreate gives none.
void RefuseStart(bool refuse);
void RefuseCreate(bool refuse);
// The streams started so far, and what the newest was asked for.
int Started();
uint64_t Since();
uint32_t CreateFlags();
std::string WatchedPath();

// FSEventsGetCurrentEventId, and the UUID of every device; empty for none.
void SetLatestId(uint64_t id);
void SetJournal(const std::string& uuid);
// A callback of a stream tells this history before kHistoryDone; as long as `holds`, that is left out.
void SetHistory(const std::vector<FsEvent>& events);
void HoldHistoryDone(bool holds);

}  // namespace syncline::testing::fake
