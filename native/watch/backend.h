#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "watch/path_filter.h"

namespace syncline {

struct WatchOptions {
  // Absolute path of the directory to watch, raw bytes.
  std::string root;
  // Directories it leaves out are neither entered nor watched. May be null.
  std::shared_ptr<const PathFilter> filter;
  // 0: as many as there are processors, at most 4.
  uint32_t scan_threads = 0;
  // Cap for the records waiting to be taken.
  size_t max_pending_bytes = size_t{16} << 20;
  // How long the first half of a move waits for the second after the queue ran dry.
  uint32_t move_deadline_ms = 100;
  // What Backend::Position once gave, to begin there; empty to begin now. See Backend::Resumed.
  std::string since;
};

struct WatchStats {
  uint32_t directories = 0;
  uint64_t scanned_directories = 0;
  uint64_t scanned_entries = 0;
  bool scanning = false;  // the first scan is not through yet
  uint64_t events = 0;
  uint64_t overflows = 0;
};

// What failed: 0 is success.
struct WatchError {
  int error = 0;               // an errno
  const char* operation = "";  // the call that failed
};

// Watches one tree and gathers what happens as records (event_batch.h). The owner's thread calls all of
// these; threads of the backend do the work.
class Backend {
 public:
  virtual ~Backend() = default;  // Subclasses stop themselves.
  // Starts to watch; on failure no thread is running. `on_ready` is called from a thread of the backend when
  // Take has something to give, and not again until Take was called. It must not block and must not throw.
  virtual WatchError Start(const WatchOptions& options, std::function<void()> on_ready) = 0;
  // The records since the last call as one flat buffer; empty if there are none.
  virtual std::vector<uint8_t> Take() = 0;
  // Asks for a barrier record behind all that happened before this call, running scans included.
  virtual void Barrier(uint32_t token) = 0;
  virtual WatchStats Stats() const = 0;
  // A token to begin a later watch of the same tree behind all that Take has given out: opaque, for
  // WatchOptions::since. Empty if there is none (inotify keeps no history).
  virtual std::string Position() const { return {}; }
  // True when the watch began at WatchOptions::since: all that changed from there on is told. False: it began
  // now, and what changed before is not known.
  virtual bool Resumed() const { return false; }
  // Why Position is empty, or why the watch did not begin at WatchOptions::since; empty if neither is so.
  virtual std::string WhyNoHistory() const { return "inotify keeps no history"; }
  // Returns once no thread is left: `on_ready` is not called any more. Idempotent.
  virtual void Stop() = 0;
};

// The backend of this platform, never null.
std::unique_ptr<Backend> MakeBackend();

}  // namespace syncline
