#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "macos/fs_event.h"

namespace syncline {

// One FSEventStream of one directory, on a serial dispatch queue of its own. Its callback copies, and nothing
// else. All calls are for one thread, which is not the queue's.
class EventStream {
 public:
  // Called on the queue, one call after the other, with the events of one callback. Must not throw, nor
  // destroy the stream.
  using Sink = std::function<void(std::vector<FsEvent> events)>;

  // Begins behind the event `since` of this machine; kHistoryDone follows what is history by then. Changes
  // are told at once after a pause, then every `latency_seconds`. Null if the system gives no stream.
  static std::unique_ptr<EventStream> Start(const std::string& directory, uint64_t since,
                                            double latency_seconds, Sink sink);
  // Returns once the sink is not called any more and nothing is left of the stream.
  virtual ~EventStream() = default;
  // Returns when all that the system had to tell has been given to the sink.
  virtual void Flush() = 0;
};

// The newest event id of this machine.
uint64_t LatestEventId();
// The UUID of the journal that a device's events are kept in, as text; empty if it has none.
std::string JournalOf(uint64_t device);

}  // namespace syncline
