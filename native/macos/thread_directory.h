#pragma once

namespace syncline {

// While it lives, names of the calling thread count from an open directory: for calls that take a name and no
// directory. Other threads and the process keep theirs.
class ThreadDirectory {
 public:
  explicit ThreadDirectory(int directory);
  ~ThreadDirectory();
  ThreadDirectory(const ThreadDirectory&) = delete;
  ThreadDirectory& operator=(const ThreadDirectory&) = delete;

  // 0 or an errno: names then still count from where they did, and none must be used.
  int Error() const { return error_; }

 private:
  const int error_;
};

}  // namespace syncline
