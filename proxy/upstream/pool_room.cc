#include "proxy/upstream/pool_room.h"

namespace woad {

struct PoolRoom::Waiter::Place {
  PoolRoom& room;
  Mailbox& mailbox;
  uint32_t most;
  Waiter* waiter;      // nullptr: it has left; its thread's
  bool given = false;  // it is out of the queue, and one is under way for it; under the mutex
};

bool PoolRoom::wait(Waiter& waiter, uint32_t most, uint32_t most_waiting, Mailbox& mailbox) {
  {
    const std::lock_guard lock(mutex_);
    if (places_.size() >= most_waiting) return false;
    waiter.place_ = std::make_shared<Waiter::Place>(Waiter::Place{*this, mailbox, most, &waiter});
    places_.push_back(waiter.place_);
    waiting_.store(places_.size());
  }
  serve();
  return true;
}

void PoolRoom::serve() {
  const std::lock_guard lock(mutex_);
  while (!places_.empty() && squeeze_in(places_.front()->most)) {
    std::shared_ptr<Waiter::Place> place = std::move(places_.front());
    places_.pop_front();
    waiting_.store(places_.size());
    place->given = true;
    // Under the mutex: a waiter that leaves waits for it, so its mailbox is still there.
    place->mailbox.post([place] {
      if (place->waiter == nullptr) return;
      std::exchange(place->waiter, nullptr)->on_room();
    });
  }
}

void PoolRoom::Waiter::leave() {
  if (place_ == nullptr) return;
  const std::shared_ptr<Place> place = std::move(place_);
  const bool told = std::exchange(place->waiter, nullptr) == nullptr;
  bool given = false;
  {
    const std::lock_guard lock(place->room.mutex_);
    given = place->given;
    if (!given) {
      place->room.places_.remove(place);
      place->room.waiting_.store(place->room.places_.size());
    }
  }
  if (given && !told) place->room.give_back();
}

}  // namespace woad
