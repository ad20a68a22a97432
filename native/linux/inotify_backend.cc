#include "linux/inotify_backend.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <utility>

namespace syncline {
namespace {

// The bell rings at once for the first record after a pause, then at growing distances while more come: what
// merges here meanwhile is cheaper.
constexpr int64_t kFirstRingSpacingMs = 1;
constexpr int64_t kMaxRingSpacingMs = 8;
constexpr int64_t kProgressMs = 200;
constexpr int64_t kRootCheckMs = 1000;
constexpr int64_t kFirstRootPauseMs = 200;
constexpr int64_t kMaxRootPauseMs = 2000;
constexpr int64_t kFirstPauseMs = 1000;
constexpr int64_t kMaxPauseMs = 60000;
constexpr int64_t kMaxOverflowPauseMs = 30000;
// Events applied before scanners get a turn at the tree.
constexpr int kEventsPerTurn = 512;
constexpr size_t kLimitProbes = 64;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Empty if it cannot be told.
std::string PathOfDescriptor(int fd) {
  char link[40];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  char path[PATH_MAX];
  const ssize_t size = readlink(link, path, sizeof path);
  return {path, size > 0 ? static_cast<size_t>(size) : 0};
}

}  // namespace

std::unique_ptr<Backend> MakeBackend() { return std::make_unique<InotifyBackend>(); }

InotifyBackend::InotifyBackend(KernelCalls* calls) : calls_(calls != nullptr ? calls : &kernel_) {}

InotifyBackend::~InotifyBackend() { Stop(); }

WatchError InotifyBackend::Start(const WatchOptions& options, std::function<void()> on_ready) {
  inotify_.Reset(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_.Valid()) {
    return {errno, "inotify_init1"};
  }
  tree_ = std::make_unique<WatchedTree>(options, calls_, inotify_.Get());
  const UniqueFd root(open(options.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.Valid()) {
    return {errno, "open"};
  }
  if (const int error = IdentifyDirectory(root.Get(), &tree_->root_identity); error != 0) {
    return {error, "statx"};
  }
  mounts_.Open();
  real_root_ = PathOfDescriptor(root.Get());
  const int watch = calls_->AddWatch(inotify_.Get(), root.Get(), kWatchMask);
  if (watch < 0) {
    return {errno, "inotify_add_watch"};
  }
  tree_->watches.Set(watch, DirectoryTable::kRoot);
  tree_->table.SetWatch(DirectoryTable::kRoot, watch);
  on_ready_ = std::move(on_ready);
  reader_ = std::make_unique<EventReader>(calls_);
  scanner_ = std::make_unique<Scanner>(tree_.get(), reader_.get(), [this] { Wake(); });
  interpreter_ = std::make_unique<Interpreter>(
      tree_.get(), Interpreter::Callbacks{[this] { OnOverflow(); }, [this] { root_changed_ = true; }});
  {
    const std::lock_guard lock(tree_->mutex);
    tree_->EmitCoverage({}, CoverageState::kScanning, CoverageReason::kStart, 0);
    tree_->EnqueueScan(DirectoryTable::kRoot, 0);
  }
  const auto on_mounts = [this] {
    mounts_changed_ = true;
    Wake();
  };
  if (!reader_->Start(
          inotify_.Get(), mounts_.Fd(), [this] { Wake(); }, on_mounts)) {
    return {errno, "eventfd"};
  }
  const uint32_t processors = std::max(1U, std::thread::hardware_concurrency());
  scanner_->Start(options.scan_threads != 0 ? options.scan_threads : std::min(4U, processors));
  thread_ = std::thread([this] { Run(); });
  started_ = true;
  return {};
}

void InotifyBackend::Stop() {
  if (!started_) {
    return;
  }
  started_ = false;
  {
    const std::lock_guard lock(wake_mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
  reader_->Stop();
  scanner_->Stop();
  inotify_.Reset(-1);
}

std::vector<uint8_t> InotifyBackend::Take() {
  rung_ = false;
  return tree_ ? tree_->records.Take() : std::vector<uint8_t>();
}

void InotifyBackend::Barrier(uint32_t token) {
  if (!started_) {
    return;
  }
  const std::lock_guard lock(wake_mutex_);
  requests_.push_back({reader_->RequestMark(NowMs()), token});
}

WatchStats InotifyBackend::Stats() const {
  WatchStats stats;
  if (tree_) {
    stats.directories = tree_->directory_count;
    stats.scanned_directories = tree_->scanned_directories;
    stats.scanned_entries = tree_->scanned_entries;
  }
  stats.scanning = !first_scan_done_;
  stats.events = events_;
  stats.overflows = overflows_;
  return stats;
}

std::vector<std::string> InotifyBackend::WatchedPaths() {
  const std::lock_guard lock(tree_->mutex);
  const DirectoryTable& table = tree_->table;
  std::vector<std::string> paths;
  std::vector<uint32_t> pending = {DirectoryTable::kRoot};
  std::string path;
  while (!pending.empty()) {
    const uint32_t at = pending.back();
    pending.pop_back();
    const int32_t watch = table.WatchOf(at);
    if (watch != DirectoryTable::kNoWatch && tree_->watches.Find(watch) == at && table.PathOf(at, &path)) {
      paths.push_back(path);
    }
    for (uint32_t child = table.FirstChildOf(at); child != DirectoryTable::kNone;
         child = table.NextSiblingOf(child)) {
      pending.push_back(child);
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void InotifyBackend::Wake() {
  {
    const std::lock_guard lock(wake_mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

void InotifyBackend::Run() {
  EventBlock block;
  for (;;) {
    while (reader_->Next(&block)) {
      ApplyBlock(block);
      reader_->Applied(std::move(block));
      Ring(NowMs());
      const std::lock_guard lock(wake_mutex_);
      if (stop_) {
        return;
      }
    }
    const int64_t next = Housekeep(NowMs());
    std::unique_lock lock(wake_mutex_);
    const auto until = std::chrono::milliseconds(std::max<int64_t>(0, next - NowMs()));
    wake_.wait_for(lock, until, [this] { return woken_ || stop_; });
    woken_ = false;
    if (stop_) {
      return;
    }
  }
}

void InotifyBackend::ApplyBlock(const EventBlock& block) {
  if (block.mark != 0) {
    if (expire_mark_ != 0 && block.mark >= expire_mark_) {
      expire_mark_ = 0;
      const std::lock_guard lock(tree_->mutex);
      interpreter_->ExpireMoves(block.marked_ms - tree_->options.move_deadline_ms);
    }
    const int64_t now = NowMs();
    const std::lock_guard lock(wake_mutex_);
    while (!requests_.empty() && requests_.front().mark <= block.mark) {
      requests_.front().passed_ms = now;
      barriers_.push_back(requests_.front());
      requests_.pop_front();
    }
    return;
  }
  const int64_t now = NowMs();
  InotifyDecoder decoder(block.bytes.get(), block.size);
  InotifyEvent event;
  uint64_t count = 0;
  for (bool more = true; more;) {
    const std::lock_guard lock(tree_->mutex);
    for (int i = 0; i < kEventsPerTurn && (more = decoder.Next(&event)); i++) {
      interpreter_->Apply(event, now);
      count++;
    }
  }
  events_ += count;
  const std::lock_guard lock(tree_->mutex);
  interpreter_->EndBlock();
}

void InotifyBackend::OnOverflow() {
  overflows_++;
  last_overflow_ms_ = NowMs();
  tree_->EmitCoverage({}, CoverageState::kScanning, CoverageReason::kOverflow, 0);
  tree_->records.Rescan({}, RescanReason::kOverflow);
  if (overflow_pass_ || overflow_pass_at_ms_ != 0) {
    overflow_again_ = overflow_pass_;
    return;
  }
  overflow_pass_at_ms_ = last_overflow_ms_;
}

int64_t InotifyBackend::Housekeep(int64_t now) {
  int64_t next = now + kRootCheckMs;
  {
    const std::lock_guard lock(tree_->mutex);
    if (tree_->RemoveRetiredWatches()) {
      next = now;
    }
    CheckMounts();
    CheckRoot(now);
    if (overflow_pass_at_ms_ != 0 && now >= overflow_pass_at_ms_) {
      overflow_pass_at_ms_ = 0;
      overflow_pass_ = true;
      tree_->found_unwatched = false;
      tree_->in_pass = true;
      tree_->EnqueueScan(DirectoryTable::kRoot, kRelist | kDeep);
    }
    ReportScan(now);
    Retry(now);
    AdvanceEpoch(now);
    if (const auto oldest = interpreter_->OldestMoveMs()) {
      const int64_t due = *oldest + tree_->options.move_deadline_ms;
      if (due > now) {
        next = std::min(next, due);
      } else if (expire_mark_ == 0) {
        expire_mark_ = reader_->RequestMark(now);
      }
    }
  }
  Ring(now);
  if (!rung_ && !tree_->records.Empty()) {
    next = std::min(next, last_ring_ms_ + ring_spacing_ms_);
  }
  if (!tree_->queue.Empty()) {
    next = std::min(next, next_progress_ms_);
  }
  for (const int64_t due :
       {overflow_pass_at_ms_, next_root_check_ms_, next_limit_retry_ms_, next_blind_retry_ms_}) {
    if (due != 0) {
      next = std::min(next, std::max(due, now + 1));
    }
  }
  return next;
}

void InotifyBackend::Ring(int64_t now) {
  const int64_t since_ms = now - last_ring_ms_;
  if (rung_ || since_ms < ring_spacing_ms_ || tree_->records.Empty()) {
    return;
  }
  const bool paused = since_ms > 2 * kMaxRingSpacingMs;
  ring_spacing_ms_ = paused ? kFirstRingSpacingMs : std::min(2 * ring_spacing_ms_, kMaxRingSpacingMs);
  rung_ = true;
  last_ring_ms_ = now;
  on_ready_();
}

void InotifyBackend::ReportScan(int64_t now) {
  if (tree_->queue.Empty()) {
    next_progress_ms_ = now + kProgressMs;
    if (!first_scan_done_) {
      first_scan_done_ = true;
      tree_->EmitCoverage({}, CoverageState::kWatching, CoverageReason::kStart, 0);
    }
  } else if (now >= next_progress_ms_) {
    next_progress_ms_ = now + kProgressMs;
    tree_->EmitCoverage({}, CoverageState::kScanning, CoverageReason::kProgress, 0);
  } else {
    return;
  }
  if (tree_->unwatched != reported_unwatched_) {
    reported_unwatched_ = tree_->unwatched;
    if (tree_->unwatched > 0) {
      tree_->EmitCoverage({}, CoverageState::kBlind, CoverageReason::kWatchLimit, ENOSPC);
    } else {
      tree_->EmitCoverage({}, CoverageState::kWatching, CoverageReason::kRecovered, 0);
    }
  }
}

void InotifyBackend::EndOverflowPass(int64_t now) {
  overflow_pass_ = pass_draining_ = tree_->in_pass = false;
  if (tree_->found_unwatched) {
    tree_->records.Rescan({}, RescanReason::kOverflow);
  }
  if (overflow_again_) {
    overflow_again_ = false;
    overflow_pass_at_ms_ = now + overflow_pause_ms_;
    overflow_pause_ms_ = std::min(overflow_pause_ms_ * 2, kMaxOverflowPauseMs);
    return;
  }
  if (now - last_overflow_ms_ > kMaxOverflowPauseMs) {
    overflow_pause_ms_ = kFirstPauseMs;
  }
  tree_->EmitCoverage({}, CoverageState::kWatching, CoverageReason::kOverflow, 0);
}

void InotifyBackend::Retry(int64_t now) {
  DirectoryTable& table = tree_->table;
  if (tree_->unwatched == 0) {
    tree_->limit_reached = false;
    tree_->over_limit.clear();
    next_limit_retry_ms_ = 0;
    limit_pause_ms_ = kFirstPauseMs;
  } else if (next_limit_retry_ms_ == 0) {
    next_limit_retry_ms_ = now + limit_pause_ms_;
  } else if (now >= next_limit_retry_ms_ && tree_->queue.Empty()) {
    // As long as nothing is freed, this costs one failing call.
    const bool freed = !tree_->limit_reached;
    limit_pause_ms_ = freed ? kFirstPauseMs : std::min(limit_pause_ms_ * 2, kMaxPauseMs);
    next_limit_retry_ms_ = freed ? now + 1 : now + limit_pause_ms_;
    tree_->limit_reached = false;
    std::erase_if(tree_->over_limit,
                  [&](NodeRef ref) { return !table.Alive(ref) || !table.Has(ref.id, kUnwatched); });
    const size_t probes = std::min(tree_->over_limit.size(), freed ? kLimitProbes * 16 : kLimitProbes);
    for (size_t i = 0; i < probes; i++) {
      tree_->EnqueueScan(tree_->over_limit[i].id, 0);
    }
  }
  std::vector<NodeRef>& blind = tree_->blind;
  if (blind.empty()) {
    next_blind_retry_ms_ = 0;
    blind_pause_ms_ = kFirstPauseMs;
  } else if (next_blind_retry_ms_ == 0) {
    next_blind_retry_ms_ = now + blind_pause_ms_;
  } else if (now >= next_blind_retry_ms_) {
    std::erase_if(blind, [&](NodeRef ref) { return !table.Alive(ref) || !table.Has(ref.id, kBlind); });
    for (const NodeRef ref : blind) {
      tree_->EnqueueScan(ref.id, kRelist);
    }
    blind_pause_ms_ = std::min(blind_pause_ms_ * 2, kMaxPauseMs);
    next_blind_retry_ms_ = now + blind_pause_ms_;
  }
}

void InotifyBackend::CheckMounts() {
  if (!mounts_changed_.exchange(false)) {
    return;
  }
  const std::string below = real_root_ == "/" ? real_root_ : real_root_ + "/";
  for (const std::string& path : mounts_.Changed()) {
    if (!path.starts_with(below) || path.size() == below.size()) {
      // Perhaps over a directory above the root.
      root_changed_ = true;
      continue;
    }
    uint32_t at = DirectoryTable::kRoot;
    std::string_view rest = std::string_view(path).substr(below.size());
    while (at != DirectoryTable::kNone && !rest.empty()) {
      const size_t slash = std::min(rest.find('/'), rest.size());
      at = tree_->table.Find(at, rest.substr(0, slash));
      rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    if (at != DirectoryTable::kNone && !tree_->table.Has(at, kExcluded)) {
      tree_->EnqueueScan(at, kRelist);
    }
  }
}

void InotifyBackend::CheckRoot(int64_t now) {
  if (!root_changed_ && now < next_root_check_ms_) {
    return;
  }
  DirectoryTable& table = tree_->table;
  root_changed_ = false;
  root_deleted_ = root_deleted_ || table.Has(DirectoryTable::kRoot, kDying);
  RootIdentity identity;
  const int error = IdentifyDirectory(tree_->options.root, &identity);
  // Without birth times a deleted root's inode number may come back with another directory.
  const bool same = error == 0 && identity == tree_->root_identity && !root_deleted_;
  if (same) {
    const bool lost_watch = table.WatchOf(DirectoryTable::kRoot) == DirectoryTable::kNoWatch;
    if (root_gone_ || lost_watch) {
      if (root_gone_) {
        tree_->records.Root(RootState::kBack, 0);
      }
      root_gone_ = root_replaced_ = false;
      tree_->records.Rescan({}, RescanReason::kRecovered);
      tree_->EnqueueScan(DirectoryTable::kRoot, kRelist | kDeep);
    }
    root_pause_ms_ = kFirstRootPauseMs;
    next_root_check_ms_ = now + kRootCheckMs;
    return;
  }
  if (error == 0) {
    if (!root_replaced_) {
      tree_->records.Root(RootState::kReplaced, 0);
    }
  } else if (!root_gone_ || root_replaced_) {
    tree_->records.Root(RootState::kGone, static_cast<uint32_t>(error));
  }
  root_replaced_ = error == 0;
  root_gone_ = true;
  next_root_check_ms_ = now + root_pause_ms_;
  root_pause_ms_ = std::min(root_pause_ms_ * 2, kMaxRootPauseMs);
}

void InotifyBackend::AdvanceEpoch(int64_t now) {
  while (tree_->queue.OldEpochEmpty()) {
    if (pass_draining_) {
      EndOverflowPass(now);
    }
    for (const BarrierRequest& barrier : draining_) {
      tree_->records.Barrier(barrier.token);
    }
    draining_.clear();
    const auto oldest = interpreter_->OldestMoveMs();
    while (!barriers_.empty() && (!oldest || *oldest > barriers_.front().passed_ms)) {
      draining_.push_back(barriers_.front());
      barriers_.pop_front();
    }
    pass_draining_ = overflow_pass_;
    if (draining_.empty() && !pass_draining_) {
      return;
    }
    tree_->queue.NextEpoch();
  }
}

}  // namespace syncline
