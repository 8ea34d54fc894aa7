// What the process knows of a pool of a service: one object for each, shared by all workers and
// carried from snapshot to snapshot. Any thread.
#pragma once

#include <mutex>

#include "proxy/upstream/breaker.h"
#include "proxy/upstream/pool_room.h"

namespace woad {

struct PoolHealth {
  Breaker breaker;
  // Of the requests that go there, which are repetitions; counted where requests are retried.
  MadeOnce<RepeatWindow> repeats;
  // For requests that are under way there.
  PoolRoom room;
  // Held while an instance is counted and put out, so that two at once do not empty the pool.
  std::mutex ejecting;
};

}  // namespace woad
