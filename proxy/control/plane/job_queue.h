// What is done beside the loop, one after the other. One thread, the loop's.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "proxy/net/background.h"

namespace woad::control {

class JobQueue {
 public:
  // Outlives the queue, which outlives the work that runs.
  explicit JobQueue(Background& background) : background_(background) {}

  // `work` runs elsewhere, `done` then on the loop, never inside this call.
  void add(std::function<void()> work, std::function<void()> done) {
    jobs_.emplace_back(std::move(work), std::move(done));
    if (jobs_.size() == 1) run_first();
  }

 private:
  void run_first() {
    background_.run(std::move(jobs_.front().first), [this] {
      const std::function<void()> done = std::move(jobs_.front().second);
      jobs_.pop_front();
      if (!jobs_.empty()) run_first();
      done();
    });
  }

  Background& background_;
  std::deque<std::pair<std::function<void()>, std::function<void()>>> jobs_;  // the first one runs
};

}  // namespace woad::control
