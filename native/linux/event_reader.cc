#include "linux/event_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace syncline {
namespace {

// After a quiet time the first event is given this long to be followed by the rest of its operation (a write
// is three events), so that it costs one wake-up of each thread, not three.
constexpr std::chrono::microseconds kFirstNap{250};
// While events keep coming the queue is read this often. At a core's full write rate it then holds a few
// hundred events of its 16,384.
constexpr std::chrono::microseconds kBusyNap{1500};
constexpr ssize_t kBusyBytes = 4096;
// A read that fails is tried again this often; marks and the end are answered meanwhile.
constexpr std::chrono::microseconds kFailedNap{100000};
// A block that holds less than this is copied into one of its size, so that waiting blocks cost what they
// hold.
constexpr size_t kSmallBlockBytes = 65536;

}  // namespace

bool EventReader::Start(int inotify_fd, int mounts_fd, std::function<void()> on_block,
                        std::function<void()> on_mounts) {
  wake_fd_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_fd_.Valid()) {
    return false;
  }
  inotify_fd_ = inotify_fd;
  mounts_fd_ = mounts_fd;
  on_block_ = std::move(on_block);
  on_mounts_ = std::move(on_mounts);
  thread_ = std::thread([this] { Run(); });
  started_ = true;
  return true;
}

void EventReader::Stop() {
  if (!started_) {
    return;
  }
  started_ = false;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  applied_.notify_all();
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_fd_.Get(), &one, sizeof one);
  thread_.join();
}

uint64_t EventReader::RequestMark(int64_t now_ms) {
  uint64_t mark = 0;
  {
    const std::lock_guard lock(mutex_);
    mark = ++last_mark_;
    requests_.push_back({mark, now_ms});
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_fd_.Get(), &one, sizeof one);
  return mark;
}

bool EventReader::Next(EventBlock* block) {
  const std::lock_guard lock(mutex_);
  if (blocks_.empty()) {
    return false;
  }
  *block = std::move(blocks_.front());
  blocks_.pop_front();
  waiting_bytes_ -= block->size;
  room_.notify_one();
  return true;
}

void EventReader::Applied(EventBlock block) {
  if (block.mark != 0) {
    const std::lock_guard lock(mutex_);
    applied_mark_ = block.mark;
    applied_.notify_all();
    return;
  }
  unapplied_--;
  if (block.size < kSmallBlockBytes) {
    return;
  }
  const std::lock_guard lock(mutex_);
  if (free_.size() < 2) {
    free_.push_back(std::move(block.bytes));
  }
}

bool EventReader::CaughtUp() const {
  // In this order: what has left the kernel's queue by the first look was taken by a read that the second
  // sees.
  int queued = 0;
  return ioctl(inotify_fd_, FIONREAD, &queued) == 0 && queued == 0 && unapplied_ == 0;
}

bool EventReader::AwaitApplied() {
  const uint64_t mark = RequestMark(0);
  std::unique_lock lock(mutex_);
  applied_.wait(lock, [&] { return stop_ || applied_mark_ >= mark; });
  return applied_mark_ >= mark;
}

std::unique_ptr<char[]> EventReader::TakeBuffer() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    return std::make_unique_for_overwrite<char[]>(kBlockBytes);
  }
  std::unique_ptr<char[]> bytes = std::move(free_.back());
  free_.pop_back();
  return bytes;
}

void EventReader::Push(EventBlock block) {
  {
    std::unique_lock lock(mutex_);
    // Beyond this the kernel's queue is left to overflow, which is repaired: memory stays bounded.
    room_.wait(lock, [this] { return stop_ || waiting_bytes_ < kMaxWaitingBytes; });
    waiting_bytes_ += block.size;
    blocks_.push_back(std::move(block));
  }
  on_block_();
}

ssize_t EventReader::ReadBlock() {
  std::unique_ptr<char[]> bytes = TakeBuffer();
  unapplied_++;
  const ssize_t size = calls_->ReadEvents(inotify_fd_, bytes.get(), kBlockBytes);
  EventBlock block;
  if (size > 0) {
    block.size = static_cast<size_t>(size);
  }
  if (block.size < kSmallBlockBytes) {
    if (size > 0) {
      block.bytes = std::make_unique_for_overwrite<char[]>(block.size);
      std::memcpy(block.bytes.get(), bytes.get(), block.size);
    }
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(bytes));
  } else {
    block.bytes = std::move(bytes);
  }
  if (size > 0) {
    Push(std::move(block));
    return size;
  }
  unapplied_--;
  return size == 0 || errno == EAGAIN || errno == EINTR ? 0 : -1;
}

void EventReader::AnswerMarks() {
  std::vector<MarkRequest> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(requests_);
  }
  if (requests.empty()) {
    return;
  }
  int queued = 0;
  if (ioctl(inotify_fd_, FIONREAD, &queued) != 0) {
    queued = 0;
  }
  while (queued > 0) {
    const ssize_t size = ReadBlock();
    if (size <= 0) {
      break;
    }
    queued -= static_cast<int>(std::min<ssize_t>(size, queued));
  }
  for (const MarkRequest& request : requests) {
    EventBlock block;
    block.mark = request.mark;
    block.marked_ms = request.asked_ms;
    Push(std::move(block));
  }
}

void EventReader::Run() {
  bool busy = false;
  bool failed = false;
  for (;;) {
    pollfd fds[3] = {{inotify_fd_, POLLIN, 0}, {wake_fd_.Get(), POLLIN, 0}, {mounts_fd_, POLLPRI, 0}};
    if (poll(fds, 3, -1) < 0) {
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      if (stop_) {
        return;
      }
    }
    if (fds[2].revents != 0) {
      on_mounts_();
    }
    if ((fds[1].revents & POLLIN) != 0) {
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t drained = read(wake_fd_.Get(), &count, sizeof count);
      AnswerMarks();
      continue;
    }
    if ((fds[0].revents & POLLIN) == 0) {
      continue;
    }
    // Interrupted by the wake-up, so that a mark or the end need not wait.
    pollfd wake = {wake_fd_.Get(), POLLIN, 0};
    const auto nap = failed ? kFailedNap : busy ? kBusyNap : kFirstNap;
    const timespec timeout = {0, std::chrono::nanoseconds(nap).count()};
    ppoll(&wake, 1, &timeout, nullptr);
    const ssize_t size = ReadBlock();
    failed = size < 0;
    busy = size >= kBusyBytes;
  }
}

}  // namespace syncline
