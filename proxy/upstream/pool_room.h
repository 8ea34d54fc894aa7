// How many requests may be under way in a pool at once, and who waits for one of them to end.
//
// Without locks while there is room. Who waits is served in order, whichever worker's it is, and
// whoever comes meanwhile waits behind it. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

#include "proxy/base/mailbox.h"

namespace woad {

class PoolRoom {
 public:
  // A request that waits. Made, told and destroyed on one thread, whose mailbox outlives it; gives
  // its place up when it dies.
  class Waiter {
   public:
    virtual ~Waiter() { leave(); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    // Not to be told any more. What it had been given meanwhile is given back.
    void leave();

   protected:
    Waiter() = default;
    // There is room: one more is under way, for this one. From the mailbox.
    virtual void on_room() = 0;

   private:
    friend class PoolRoom;
    struct Place;
    std::shared_ptr<Place> place_;  // nullptr: it does not wait
  };

  // One more is under way; false: there are `most`, or others wait already.
  bool take(uint32_t most) { return waiting() == 0 && squeeze_in(most); }
  void give_back() {
    active_.fetch_sub(1);
    if (waiting() > 0) serve();
  }
  uint32_t active() const { return active_.load(std::memory_order_relaxed); }

  // Waits until less than `most` are under way; false: `most_waiting` do already.
  bool wait(Waiter& waiter, uint32_t most, uint32_t most_waiting, Mailbox& mailbox);
  size_t waiting() const { return waiting_.load(); }

 private:
  bool squeeze_in(uint32_t most) {
    uint32_t seen = active_.load();
    while (seen < most) {
      if (active_.compare_exchange_weak(seen, seen + 1)) return true;
    }
    return false;
  }
  // Gives what room there is to those who have waited longest.
  void serve();

  // Who begins to wait says so before looking for room again, who ends makes room before looking
  // for somebody who waits; in one order (sequentially consistent), so nobody is overlooked.
  std::atomic<uint32_t> active_{0};
  std::atomic<size_t> waiting_{0};
  std::mutex mutex_;  // guards places_, and what of a place is said to be
  std::list<std::shared_ptr<Waiter::Place>> places_;
};

}  // namespace woad
