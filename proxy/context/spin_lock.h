// A lock for a few dozen instructions on data that workers share.
//
// Waiters spin, and give up their turn when the holder seems to have lost its own. Never held over
// a call that may block or call back. Used through std::lock_guard.
#pragma once

#include <atomic>
#include <thread>

namespace woad {

class SpinLock {
 public:
  SpinLock() = default;
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  void lock() {
    int spins = 0;
    while (held_.exchange(true, std::memory_order_acquire)) {
      while (held_.load(std::memory_order_relaxed)) {
        if (++spins % kSpins == 0) std::this_thread::yield();
      }
    }
  }
  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  static constexpr int kSpins = 128;

  std::atomic<bool> held_{false};
};

}  // namespace woad
