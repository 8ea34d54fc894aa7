// A thread beside a loop, for what would hold it up.
#pragma once

#include <functional>
#include <thread>

#include "proxy/net/loop.h"

namespace woad {

class Background {
 public:
  // Runs `work` elsewhere and then `done` on the loop, never inside this call. One at a
  // time: not again before `done`.
  virtual void run(std::function<void()> work, std::function<void()> done) = 0;

 protected:
  ~Background() = default;
};

class BackgroundThread final : public Background {
 public:
  explicit BackgroundThread(Loop& loop) : loop_(loop) {}
  // Waits for the work; its `done` is not called any more.
  ~BackgroundThread() {
    if (thread_.joinable()) thread_.join();
  }
  void run(std::function<void()> work, std::function<void()> done) override;

 private:
  Loop& loop_;
  std::thread thread_;
};

}  // namespace woad
