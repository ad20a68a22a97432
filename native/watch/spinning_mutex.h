#pragma once

#include <mutex>

namespace syncline {

// A mutex for sections of well under a microsecond: a thread tries for about as long before it sleeps, since
// two futex calls and a wake-up cost more than the wait (with a plain mutex a scan by two threads was a tenth
// slower).
class SpinningMutex {
 public:
  void lock() {
    for (int i = 0; i < kTries; i++) {
      if (mutex_.try_lock()) {
        return;
      }
    }
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  static constexpr int kTries = 100;

  std::mutex mutex_;
};

}  // namespace syncline
