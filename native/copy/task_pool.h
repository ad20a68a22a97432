#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace syncline {

// A few threads that share the work of one delivery. The thread that owns the pool is one of them: it adds
// tasks and works in Finish(); the others are started when enough waits for them.
class TaskPool {
 public:
  using Task = std::function<void()>;

  // `threads` counts the owner.
  explicit TaskPool(unsigned threads) : max_helpers_(threads > 0 ? threads - 1 : 0) {}
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // A short task (one entry). Runs on the caller at once when too many wait: that bounds memory and
  // descriptors.
  void AddSmall(Task task);
  // A task that adds tasks (a directory). The last one added is run first, so the walk goes into the depth.
  void AddLarge(Task task);
  // Works until every task, those added meanwhile too, has ended. Only for the owner.
  void Finish();

 private:
  static constexpr size_t kMaxSmall = 256;
  // So many tasks wait before another thread is started: fewer are done before it runs.
  static constexpr size_t kStartHelperAt = 8;

  void StartHelper();
  void Help();
  // Runs one task if there is one; `lock` is held before and after.
  bool RunOne(std::unique_lock<std::mutex>& lock);

  const unsigned max_helpers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> small_;
  std::vector<Task> large_;
  unsigned running_ = 0;
  bool closing_ = false;
  std::vector<std::thread> helpers_;
};

}  // namespace syncline
