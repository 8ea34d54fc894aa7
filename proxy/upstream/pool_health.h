// What the process knows of a pool of a service: one object for each, shared by all workers and
// carried from snapshot to snapshot. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "proxy/upstream/breaker.h"

namespace woad {

class PoolHealth {
 public:
  Breaker breaker;

  // Of the requests that go there, which are repetitions; counted where requests are retried.
  RepeatWindow& repeats() { return repeats_.get(); }

  // One more request at work there; false: there are `most` already.
  bool take(uint32_t most) {
    if (active_.fetch_add(1, std::memory_order_relaxed) < most) return true;
    give_back();
    return false;
  }
  void give_back() { active_.fetch_sub(1, std::memory_order_relaxed); }
  uint32_t active() const { return active_.load(std::memory_order_relaxed); }

  // Held while an instance is counted and put out, so that two at once do not empty the pool.
  std::mutex& ejecting() { return ejecting_; }

 private:
  std::atomic<uint32_t> active_{0};
  std::mutex ejecting_;
  MadeOnce<RepeatWindow> repeats_;
};

}  // namespace woad
