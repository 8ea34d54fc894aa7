// How other threads reach a loop's thread: tasks they leave there, done in order.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace woad {

class Mailbox {
 public:
  // `wake`, from any thread, makes the owner call run(); nothing: the owner looks by itself.
  void on_post(std::function<void()> wake) { wake_ = std::move(wake); }

  // From any thread. Tasks that the owner did not come to are destroyed with this.
  void post(std::function<void()> task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    if (wake_) wake_();
  }

  // The owner's thread: does what is there.
  void run() {
    std::vector<std::function<void()>> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
    }
    for (const auto& task : tasks) task();
  }

 private:
  std::function<void()> wake_;
  std::mutex mutex_;  // guards tasks_
  std::vector<std::function<void()>> tasks_;
};

}  // namespace woad
