// A sixteenth of the context table: slots by key, their contexts, and a list of the ended ones.
//
// Every method takes the shard's spin lock by itself and calls nobody else under it, so there is
// no order of locks.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "proxy/base/arena.h"
#include "proxy/context/age_list.h"
#include "proxy/context/key.h"
#include "proxy/context/packed_context.h"
#include "proxy/context/slot.h"
#include "proxy/context/spin_lock.h"
#include "proxy/context/table_state.h"
#include "proxy/context/value_store.h"
#include "proxy/observe/uuid.h"

namespace woad {

// A request that begins, as each of its ids is told of it.
struct ContextArrival {
  const PackedContext& packed;
  uint64_t seed;  // of the packed contexts
  bool dyed;
  TraceId trace;
  Uuid request_id;
  SpanId parent_span;
  uint8_t attempt;
  bool has_deadline;
  uint32_t deadline_ms;
};

class alignas(64) ContextShard {
 public:
  // Whether an id that is new may be added, and as what.
  enum class Room : uint8_t { kNone, kRider, kEntry };
  struct Admission {
    // Held by the request from now on; kNoItem: the id is new, and there was no room.
    uint32_t slot = kNoItem;
    bool added = false;          // the id is new
    bool conflict = false;       // the id has become ambiguous
    bool carry_dropped = false;  // the carried headers were not kept
  };
  Admission admit(ContextKey id, const ContextArrival& arrival, Room room, uint32_t now_ms,
                  TableState& state);

  // A request without context brings this id. True when the id has become ambiguous.
  bool contradict(ContextKey id, uint32_t now_ms, TableState& state);

  // A request that holds `slot` is over.
  void end(uint32_t slot, uint32_t now_ms, TableState& state);

  struct Found {
    bool known = false;
    ContextSlot slot;         // a copy
    std::string_view packed;  // in the arena; "" when ambiguous
  };
  Found find(ContextKey id, Arena& arena, uint32_t now_ms, const TableState& state) const;

  // The order in which the oldest ended slot of each shard ended; 0: none has. Without the lock.
  uint64_t oldest_end() const { return oldest_end_.load(std::memory_order_relaxed); }
  static bool ended_earlier(uint64_t a, uint64_t b);

  enum class Popped : uint8_t { kNothing, kRider, kEntry, kExpiredEntry };
  // Forgets the slot that ended longest ago.
  Popped pop_oldest(uint32_t now_ms, TableState& state);
  // Forgets expired slots, at most `most`. True when there may be more.
  bool expire(uint32_t now_ms, uint32_t most, TableState& state);

  size_t bytes() const;

 private:
  void add(uint32_t at, ContextKey id, const ContextArrival& arrival, Room room,
           Admission& admission, TableState& state);
  void join(ContextSlot& slot, uint32_t at, ContextKey id, const ContextArrival& arrival,
            Admission& admission, TableState& state);
  void compare(ContextSlot& slot, const ContextArrival& arrival, Admission& admission,
               TableState& state);
  void keep(ContextSlot& slot, const ContextArrival& arrival, Admission& admission,
            TableState& state);
  void forget_carried(ContextSlot& slot, uint64_t seed, TableState& state);
  void make_ambiguous(ContextSlot& slot, TableState& state);
  void forget(uint32_t at, TableState& state);
  void publish_oldest();

  mutable SpinLock lock_;
  HashedSlab<ContextSlot> slots_;
  ValueStore values_;
  AgeList<ContextSlot> ended_;
  std::atomic<uint64_t> oldest_end_{0};
};

}  // namespace woad
