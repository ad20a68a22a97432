#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace syncline {

// One thing a delivery has to tell.
struct DeliveryRecord {
  // Their order is known to src/addon/addon.ts.
  enum class Kind : uint8_t {
    // `message`, in a dry run: what differs, as rsync's %i has it.
    kUpdated,
    // Nothing but the time of this directory differs; told in a dry run only.
    kDirectoryTime,
    kDeleted,
    // One of these two for each move, in the order of the moves; `path` is where to.
    kMoved,
    kMissed,
    // Could not be delivered; `message` is the operation and what the system said.
    kProblem,
    // Changed while it was read: to be looked at again.
    kRecheck,
    // An attribute that the target does not take; the entry is delivered without it.
    kRefused,
  };
  Kind kind;
  std::string path;
  uint64_t bytes = 0;
  std::string message = {};
};

// Why nothing of a delivery counts.
struct DeliveryFailure {
  enum class Scope : uint8_t { kNone, kBatch, kTarget, kSource };
  Scope scope = Scope::kNone;
  std::string message;
};

// Collects what the threads of one delivery have to tell, for a reader that is called when there is
// something. Every method may be called from any thread.
class DeliveryReport {
 public:
  // `ring` is called on the delivery's threads, not again before Take() was called.
  explicit DeliveryReport(std::function<void()> ring) : ring_(std::move(ring)) {}

  void Updated(std::string path, uint64_t bytes, std::string change = {});
  void DirectoryTime(std::string path);
  void Deleted(std::string path);
  void Moved(std::string to);
  void Missed(std::string to);
  void Recheck(std::string path);
  void Refused(std::string path, std::string_view operation, int error);
  // A problem with one path on the source, or on the target: a full or read-only target, or a lack of
  // descriptors or memory on this machine, is a failure of the delivery instead.
  void SourceProblem(std::string path, std::string_view operation, int error);
  void TargetProblem(std::string path, std::string_view operation, int error);
  void Problem(std::string path, std::string message);
  // The first failure counts.
  void Fail(DeliveryFailure::Scope scope, std::string message);
  // Ends the delivery: the threads stop at the next entry, or within a few megabytes of a file.
  void Abort() { stopped_ = true; }
  bool Stopped() const { return stopped_; }
  // Whether a problem with this path was told, or that it has to be looked at again.
  enum class Trouble : uint8_t { kNone, kRecheck, kProblem };
  Trouble TroubleWith(const std::string& path) const;

  void CountBytes(uint64_t bytes);
  void CountSeen(uint64_t entries) { seen_ += entries; }
  void CountDone() { ++done_; }

  struct Progress {
    uint64_t bytes;
    uint64_t done;
    uint64_t seen;
  };
  Progress Counts() const { return {bytes_, done_, seen_}; }
  // Up to `limit` records, oldest first; rings again if more are left.
  std::vector<DeliveryRecord> Take(size_t limit);
  // The delivery has ended; rings. Nothing is added afterwards.
  void End();
  // True when the delivery has ended and every record was taken.
  bool Ended() const;
  DeliveryFailure Failure() const;

 private:
  void Add(DeliveryRecord record);
  void Ring(std::unique_lock<std::mutex> lock);
  // What waits when this does not ring is told with what comes next, at the latest at the end.
  void RingIfDue(std::unique_lock<std::mutex> lock);

  const std::function<void()> ring_;
  mutable std::mutex mutex_;
  std::deque<DeliveryRecord> records_;
  std::unordered_map<std::string, Trouble> troubles_;
  DeliveryFailure failure_;
  std::chrono::steady_clock::time_point last_ring_;
  bool rung_ = false;
  bool ended_ = false;
  std::atomic<bool> stopped_ = false;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> done_ = 0;
  std::atomic<uint64_t> seen_ = 0;
};

}  // namespace syncline
