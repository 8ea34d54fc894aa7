#include "proxy/context/shard.h"

#include <algorithm>
#include <mutex>

namespace woad {
namespace {

using Flag = ContextSlot::Flag;

// The id that is not the key, which the request would otherwise lose.
Uuid other_id(ContextKey id, const ContextArrival& arrival) {
  return id.is_trace ? arrival.request_id : Uuid{arrival.trace.high, arrival.trace.low};
}

void set_facts(ContextSlot& slot, ContextKey id, const ContextArrival& arrival) {
  const Uuid other = other_id(id, arrival);
  slot.other_high = other.high;
  slot.other_low = other.low;
  slot.parent_span = arrival.parent_span.value;
  slot.attempt = arrival.attempt;
  slot.when = arrival.deadline_ms;
  slot.reset(Flag::kDeadline);
  if (arrival.has_deadline) slot.set(Flag::kDeadline);
}

// One request more beside those that run: what differs is unknown from now on, the deadline is
// that of the one with most time, the attempt that of the one that was tried most.
void merge_facts(ContextSlot& slot, ContextKey id, const ContextArrival& arrival) {
  const Uuid other = other_id(id, arrival);
  if (slot.other_high != other.high || slot.other_low != other.low) {
    slot.other_high = slot.other_low = 0;
  }
  if (slot.parent_span != arrival.parent_span.value) slot.parent_span = 0;
  slot.attempt = std::max(slot.attempt, arrival.attempt);
  if (!arrival.has_deadline) {
    slot.reset(Flag::kDeadline);
  } else if (slot.has(Flag::kDeadline) && millis_between(slot.when, arrival.deadline_ms) > 0) {
    slot.when = arrival.deadline_ms;
  }
}

uint64_t end_of(const ContextSlot& slot) {
  return uint64_t{1} << 63 | uint64_t{slot.when} << 16 | slot.order;
}

}  // namespace

ContextShard::Admission ContextShard::admit(ContextKey id, const ContextArrival& arrival, Room room,
                                            uint32_t now_ms, TableState& state) {
  const std::lock_guard guard(lock_);
  Admission admission;
  uint32_t at = slots_.find(id.hash);
  if (at != kNoItem &&
      slots_[at].expired(now_ms, state.linger_ms.load(std::memory_order_relaxed))) {
    forget(at, state);
    at = kNoItem;
  }
  if (at != kNoItem) {
    join(slots_[at], at, id, arrival, admission, state);
  } else if (room != Room::kNone) {
    at = slots_.add(id.hash);
    add(at, id, arrival, room, admission, state);
  }
  admission.slot = at;
  return admission;
}

void ContextShard::add(uint32_t at, ContextKey id, const ContextArrival& arrival, Room room,
                       Admission& admission, TableState& state) {
  ContextSlot& slot = slots_[at];
  admission.added = true;
  keep(slot, arrival, admission, state);
  set_facts(slot, id, arrival);
  slot.active = 1;
  if (arrival.dyed) slot.set(Flag::kDyed);
  if (room == Room::kEntry) slot.set(Flag::kEntry);
  state.ids.fetch_add(1, std::memory_order_relaxed);
}

void ContextShard::join(ContextSlot& slot, uint32_t at, ContextKey id,
                        const ContextArrival& arrival, Admission& admission, TableState& state) {
  const bool alone = slot.has(Flag::kEnded);
  if (alone) {
    ended_.unlink(slots_, at);
    publish_oldest();
    slot.reset(Flag::kEnded);
    slot.active = 0;
  }
  ++slot.active;
  if (!slot.has(Flag::kAmbiguous)) compare(slot, arrival, admission, state);
  if (slot.has(Flag::kAmbiguous)) return;
  if (alone) {
    set_facts(slot, id, arrival);
  } else {
    merge_facts(slot, id, arrival);
  }
}

void ContextShard::compare(ContextSlot& slot, const ContextArrival& arrival, Admission& admission,
                           TableState& state) {
  const std::string_view known = values_.bytes_of(slot.value);
  const std::string_view comes = arrival.packed.bytes();
  if (known == comes && arrival.packed.whole()) return;
  if (packed_values(known) != packed_values(comes)) {
    admission.conflict = true;
    make_ambiguous(slot, state);
    return;
  }
  admission.carry_dropped = !arrival.packed.whole();
  if (!slot.has(Flag::kCarriedUnknown)) forget_carried(slot, arrival.seed, state);
}

// For a slot without a context.
void ContextShard::keep(ContextSlot& slot, const ContextArrival& arrival, Admission& admission,
                        TableState& state) {
  slot.value = values_.take(arrival.packed, state.carried_bytes);
  admission.carry_dropped = slot.value == kNoItem || !arrival.packed.whole();
  if (admission.carry_dropped) slot.set(Flag::kCarriedUnknown);
  if (slot.value != kNoItem) return;
  const PackedContext bare(packed_values(arrival.packed.bytes()), arrival.seed);
  slot.value = values_.take(bare, state.carried_bytes);
}

void ContextShard::forget_carried(ContextSlot& slot, uint64_t seed, TableState& state) {
  const PackedContext bare(packed_values(values_.bytes_of(slot.value)), seed);
  values_.give(slot.value, state.carried_bytes);
  slot.value = values_.take(bare, state.carried_bytes);
  slot.set(Flag::kCarriedUnknown);
}

void ContextShard::make_ambiguous(ContextSlot& slot, TableState& state) {
  values_.give(slot.value, state.carried_bytes);
  slot.value = kNoItem;
  slot.set(Flag::kAmbiguous);
  slot.reset(Flag::kDyed);
  slot.reset(Flag::kCarriedUnknown);
}

bool ContextShard::contradict(ContextKey id, uint32_t now_ms, TableState& state) {
  const std::lock_guard guard(lock_);
  const uint32_t at = slots_.find(id.hash);
  if (at == kNoItem || !slots_[at].has(Flag::kDyed) ||
      slots_[at].expired(now_ms, state.linger_ms.load(std::memory_order_relaxed))) {
    return false;
  }
  make_ambiguous(slots_[at], state);
  return true;
}

void ContextShard::end(uint32_t at, uint32_t now_ms, TableState& state) {
  const std::lock_guard guard(lock_);
  ContextSlot& slot = slots_[at];
  if (--slot.active > 0) return;
  slot.set(Flag::kEnded);
  slot.reset(Flag::kDeadline);
  slot.when = now_ms;
  slot.order = static_cast<uint16_t>(state.end_order.fetch_add(1, std::memory_order_relaxed));
  ended_.push(slots_, at);
  if (ended_.oldest() == at) publish_oldest();
}

ContextShard::Found ContextShard::find(ContextKey id, Arena& arena, uint32_t now_ms,
                                       const TableState& state) const {
  const std::lock_guard guard(lock_);
  const uint32_t at = slots_.find(id.hash);
  if (at == kNoItem) return {};
  const ContextSlot& slot = slots_[at];
  if (slot.expired(now_ms, state.linger_ms.load(std::memory_order_relaxed))) return {};
  Found found{.known = true, .slot = slot, .packed = {}};
  if (!slot.has(Flag::kAmbiguous)) found.packed = arena.copy(values_.bytes_of(slot.value));
  return found;
}

bool ContextShard::ended_earlier(uint64_t a, uint64_t b) {
  const int32_t apart =
      millis_between(static_cast<uint32_t>(a >> 16), static_cast<uint32_t>(b >> 16));
  if (apart != 0) return apart > 0;
  return static_cast<int16_t>(static_cast<uint16_t>(b) - static_cast<uint16_t>(a)) > 0;
}

ContextShard::Popped ContextShard::pop_oldest(uint32_t now_ms, TableState& state) {
  const std::lock_guard guard(lock_);
  const uint32_t at = ended_.oldest();
  if (at == kNoItem) return Popped::kNothing;
  const ContextSlot& slot = slots_[at];
  Popped popped = Popped::kRider;
  if (slot.has(Flag::kEntry)) {
    const int32_t linger_ms = state.linger_ms.load(std::memory_order_relaxed);
    popped = slot.expired(now_ms, linger_ms) ? Popped::kExpiredEntry : Popped::kEntry;
  }
  forget(at, state);
  return popped;
}

bool ContextShard::expire(uint32_t now_ms, uint32_t most, TableState& state) {
  const std::lock_guard guard(lock_);
  const int32_t linger_ms = state.linger_ms.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < most; ++i) {
    const uint32_t at = ended_.oldest();
    if (at == kNoItem || !slots_[at].expired(now_ms, linger_ms)) return false;
    forget(at, state);
  }
  return true;
}

// An ended slot.
void ContextShard::forget(uint32_t at, TableState& state) {
  const ContextSlot& slot = slots_[at];
  ended_.unlink(slots_, at);
  if (slot.value != kNoItem) values_.give(slot.value, state.carried_bytes);
  if (slot.has(Flag::kEntry)) state.entries.fetch_sub(1, std::memory_order_relaxed);
  state.ids.fetch_sub(1, std::memory_order_relaxed);
  slots_.remove(at);
  publish_oldest();
}

void ContextShard::publish_oldest() {
  const uint32_t at = ended_.oldest();
  uint64_t end = 0;
  if (at != kNoItem) {
    const ContextSlot& slot = slots_[at];
    end = end_of(slot);
    if (slot.newer != kNoItem) __builtin_prefetch(&slots_[slot.newer]);  // the next to go
  }
  oldest_end_.store(end, std::memory_order_relaxed);
}

size_t ContextShard::bytes() const {
  const std::lock_guard guard(lock_);
  return slots_.bytes() + values_.bytes();
}

}  // namespace woad
