#pragma once

#include <unistd.h>

#include <cerrno>
#include <climits>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>

#include "linux/kernel_calls.h"

namespace syncline::testing {

// Threads that come to a closed gate wait until it is opened.
class Gate {
 public:
  void Close() { Set(true); }
  void Open() { Set(false); }
  void Pass() {
    std::unique_lock lock(mutex_);
    waiting_++;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !closed_; });
    waiting_--;
  }
  // Returns when a thread stands at the closed gate; false after a deadline.
  bool UntilSomebodyWaits() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [this] { return waiting_ > 0; });
  }

 private:
  void Set(bool closed) {
    const std::lock_guard lock(mutex_);
    closed_ = closed;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  int waiting_ = 0;
};

// The kernel, with faults where a test wants them. Set the faults while nothing can call.
class FaultyKernel : public KernelCalls {
 public:
  // These get the path of the directory concerned and return an errno, 0 to let the kernel decide. They may
  // block.
  std::function<int(const std::string&)> before_watch;
  std::function<int(const std::string&)> before_open;
  std::function<int(const std::string&)> before_list;
  // Returns an errno, 0 to let the kernel decide.
  std::function<int()> before_read;
  bool has_openat2 = true;

  ssize_t ReadEvents(int inotify_fd, void* buffer, size_t size) override {
    return Fails(before_read ? before_read() : 0) ? -1 : KernelCalls::ReadEvents(inotify_fd, buffer, size);
  }
  int OpenChild(int parent_fd, const char* name) override {
    return Fails(before_open ? before_open(PathOf(parent_fd) + "/" + name) : 0)
               ? -1
               : KernelCalls::OpenChild(parent_fd, name);
  }
  int OpenPath(int parent_fd, const char* path) override {
    return Fails(has_openat2 ? 0 : ENOSYS) ? -1 : KernelCalls::OpenPath(parent_fd, path);
  }
  ssize_t ListEntries(int directory_fd, void* buffer, size_t size) override {
    return Fails(before_list ? before_list(PathOf(directory_fd)) : 0)
               ? -1
               : KernelCalls::ListEntries(directory_fd, buffer, size);
  }
  int AddWatch(int inotify_fd, int directory_fd, uint32_t mask) override {
    return Fails(before_watch ? before_watch(PathOf(directory_fd)) : 0)
               ? -1
               : KernelCalls::AddWatch(inotify_fd, directory_fd, mask);
  }

 private:
  static bool Fails(int error) {
    errno = error;
    return error != 0;
  }
  static std::string PathOf(int fd) {
    char link[40];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    char path[PATH_MAX];
    const ssize_t size = readlink(link, path, sizeof path);
    return {path, size > 0 ? static_cast<size_t>(size) : 0};
  }
};

// A kernel whose events are not read while `reading` is closed.
class KernelWithHeldEvents : public FaultyKernel {
 public:
  KernelWithHeldEvents() {
    before_read = [this] {
      reading.Pass();
      return 0;
    };
  }
  Gate reading;
};

}  // namespace syncline::testing
