#include "macos/fsevents_backend.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <utility>

#include "macos/watch_position.h"

namespace syncline {
namespace {

constexpr double kLatencySeconds = 0.02;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// True when the journal does not have what the event told, or may not have it.
bool IsNotInJournal(uint32_t flags) {
  return (flags & (kKernelDropped | kEventIdsWrapped | kRootChanged | kMount | kUnmount)) != 0 ||
         (flags & (kMustScanSubDirs | kUserDropped)) == kMustScanSubDirs;
}

}  // namespace

FsEventsBackend::~FsEventsBackend() { Stop(); }

WatchError FsEventsBackend::Start(const WatchOptions& options, std::function<void()> on_ready) {
  char* const canonical = realpath(options.root.c_str(), nullptr);
  if (canonical == nullptr) {
    return {errno, "open"};
  }
  canonical_root_ = canonical;
  std::free(canonical);
  disk_ = std::make_unique<DarwinDisk>(canonical_root_);
  if (const int error = disk_->Identify(canonical_root_, &identity_); error != 0) {
    return {error, "open"};
  }
  on_ready_ = std::move(on_ready);
  records_ = std::make_unique<PendingRecords>(options.max_pending_bytes);
  journal_ = JournalOf(identity_.device);
  // From now on by its number: a stream that begins "now" begins a while after it was asked for.
  uint64_t since = LatestEventId();
  const auto position = ParsePosition(options.since);
  resumed_ = position && MayResume(*position, journal_, since, identity_);
  since = resumed_ ? position->id : since;
  if (!options.since.empty() && !resumed_) {
    why_anew_ =
        position ? "its journal is gone, or the root is another directory" : "it is no position of FSEvents";
  }
  EventTranslator::Options translation;
  translation.root = options.root;
  translation.canonical_root = canonical_root_;
  translation.identity = identity_;
  translation.filter = options.filter;
  translation.window_ms =
      std::max<int64_t>(options.move_deadline_ms, static_cast<int64_t>(2000 * kLatencySeconds));
  translation.since = since;
  translation.replays = true;
  translator_ = std::make_unique<EventTranslator>(std::move(translation), disk_.get(), records_.get(), this);
  told_id_ = taken_id_ = since;
  records_->Coverage({}, CoverageState::kScanning, CoverageReason::kStart, 0, 0, 0);
  if (!OpenStream(since)) {
    return {EAGAIN, "FSEventStreamStart"};
  }
  last_callback_ms_ = NowMs();
  thread_ = std::thread([this] { Run(); });
  started_ = true;
  return {};
}

void FsEventsBackend::Stop() {
  if (!started_) {
    return;
  }
  started_ = false;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
  stream_.reset();
}

bool FsEventsBackend::OpenStream(uint64_t since) {
  const uint32_t number = heard_stream_ + 1;  // Written by this thread alone, and before it was started.
  std::unique_ptr<EventStream> opened =
      EventStream::Start(canonical_root_, since, kLatencySeconds,
                         [this, number](std::vector<FsEvent> events) { Queue(number, std::move(events)); });
  if (opened == nullptr) {
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    heard_stream_ = number;
    std::erase_if(queue_, [number](const Callback& callback) { return callback.stream != number; });
    queued_events_ = 0;
    for (const Callback& callback : queue_) {
      queued_events_ += callback.events.size();
    }
  }
  stream_ = std::move(opened);
  return true;
}

void FsEventsBackend::Queue(uint32_t stream, std::vector<FsEvent> events) {
  {
    const std::lock_guard lock(mutex_);
    if (stream < heard_stream_) {
      return;
    }
    if (queued_events_ > limits_.queued_events) {
      FsEvent dropped{canonical_root_, 0, kMustScanSubDirs | kUserDropped, 0};
      bool replay_ended = false;
      for (const Callback& callback : queue_) {
        for (const FsEvent& event : callback.events) {
          dropped.id = std::max(dropped.id, event.id);
          if (IsNotInJournal(event.flags)) {
            dropped.flags |= kKernelDropped;
          }
          replay_ended = replay_ended || (event.flags & kHistoryDone) != 0;
        }
      }
      queue_.clear();
      queued_events_ = 0;
      events.push_back(std::move(dropped));
      if (replay_ended) {
        events.push_back({canonical_root_, 0, kHistoryDone, 0});
      }
    }
    queued_events_ += events.size();
    queue_.push_back({stream, std::move(events)});
  }
  wake_.notify_one();
}

bool FsEventsBackend::ResumeFrom(uint64_t id) {
  return !journal_.empty() && journal_ == JournalOf(identity_.device) && id <= LatestEventId() &&
         OpenStream(id);
}

void FsEventsBackend::Restart() { OpenStream(LatestEventId()); }

void FsEventsBackend::Run() {
  for (;;) {
    Translate();
    Housekeep();
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::milliseconds(std::max<int64_t>(0, next_ms_ - NowMs()));
    wake_.wait_for(lock, until, [this] { return stop_ || !queue_.empty() || !requests_.empty(); });
    if (stop_) {
      return;
    }
  }
}

void FsEventsBackend::Translate() {
  std::deque<Callback> callbacks;
  {
    const std::lock_guard lock(mutex_);
    callbacks.swap(queue_);
    queued_events_ = 0;
  }
  for (const Callback& callback : callbacks) {
    if (callback.stream != heard_stream_) {
      continue;  // A callback before it has put another stream in its place.
    }
    last_callback_ms_ = NowMs();
    translator_->Apply(callback.events, last_callback_ms_);
    events_ += callback.events.size();
    told_id_ = translator_->ToldId();
    Ring();
  }
}

void FsEventsBackend::Housekeep() {
  std::deque<BarrierRequest> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(requests_);
  }
  if (!requests.empty()) {
    stream_->Flush();
    Translate();
  }
  const int64_t now_ms = NowMs();
  if (translator_->Replaying() && now_ms - last_callback_ms_ >= limits_.replay_silence_ms) {
    const FsEvent done[] = {{canonical_root_, 0, kHistoryDone, 0}};
    translator_->Apply(done, now_ms);
  }
  next_ms_ = translator_->Housekeep(now_ms);
  if (translator_->Replaying()) {
    next_ms_ = std::min(next_ms_, last_callback_ms_ + limits_.replay_silence_ms);
  } else if (!first_replay_told_) {
    first_replay_told_ = true;
    records_->Coverage({}, CoverageState::kWatching, CoverageReason::kStart, 0, 0, 0);
  }
  for (BarrierRequest& request : requests) {
    request.passed_ms = now_ms;
    barriers_.push_back(request);
  }
  MeetBarriers(now_ms);
  replaying_ = !first_replay_told_;
  drops_ = translator_->Drops();
  told_id_ = translator_->ToldId();
  Ring();
}

void FsEventsBackend::MeetBarriers(int64_t now_ms) {
  if (barriers_.empty() || translator_->Replaying()) {
    return;
  }
  translator_->TellDueRescans(now_ms);
  const auto oldest = translator_->OldestHalfMs();
  while (!barriers_.empty() && (!oldest || *oldest > barriers_.front().passed_ms)) {
    records_->Barrier(barriers_.front().token);
    barriers_.pop_front();
  }
}

void FsEventsBackend::Ring() {
  if (!records_->Empty() && !rung_.exchange(true)) {
    on_ready_();
  }
}

std::vector<uint8_t> FsEventsBackend::Take() {
  if (records_ == nullptr) {
    return {};
  }
  rung_ = false;
  // Read first: what is told up to it lies in the records by then.
  taken_id_ = told_id_;
  return records_->Take();
}

std::string FsEventsBackend::Position() const {
  return journal_.empty() || taken_id_ == 0 ? std::string()
                                            : FormatPosition({journal_, taken_id_, identity_});
}

std::string FsEventsBackend::WhyNoHistory() const {
  return journal_.empty() ? "the volume keeps no journal of events" : why_anew_;
}

void FsEventsBackend::Barrier(uint32_t token) {
  if (!started_) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back({token});
  }
  wake_.notify_one();
}

WatchStats FsEventsBackend::Stats() const {
  WatchStats stats;
  stats.scanning = replaying_;
  stats.events = events_;
  stats.overflows = drops_;
  return stats;
}

}  // namespace syncline
