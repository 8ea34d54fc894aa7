#include "proxy/context/table.h"

#include <algorithm>
#include <utility>

#include "proxy/context/millis.h"
#include "proxy/context/packed_context.h"
#include "proxy/observe/uuid.h"

namespace woad {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
// Slots forgotten in one go under a shard's lock.
constexpr uint32_t kExpireAtOnce = 32;

// Workers' clocks differ by little; the last to speak is near enough.
void tell_time(TableState& state, uint32_t now_ms) {
  if (state.clock_ms.load(kRelaxed) != now_ms) state.clock_ms.store(now_ms, kRelaxed);
}

ContextArrival arrival_of(const ContextRecord& record, const PackedContext& packed, uint64_t seed,
                          MonoTime now) {
  const bool has_deadline =
      record.deadline != MonoTime::max() && record.deadline - now <= milliseconds(kMaxMillis);
  return {.packed = packed,
          .seed = seed,
          .dyed = !record.values.empty(),
          .trace = record.trace,
          .request_id = parse_uuid(record.request_id).value_or(Uuid()),
          .parent_span = record.parent_span,
          .attempt = static_cast<uint8_t>(std::clamp<uint32_t>(record.attempt, 1, UINT8_MAX)),
          .has_deadline = has_deadline,
          .deadline_ms = has_deadline ? to_millis(std::max(record.deadline, now)) : 0};
}

}  // namespace

// One call of record().
struct ContextTable::Recording {
  ContextTable& table;
  const ContextArrival& arrival;
  uint32_t now_ms;
  Ticket& ticket;
  bool reserved;        // an entry is ours to fill
  bool filled = false;  // and has been
  bool conflict = false;
  bool carry_dropped = false;

  // What a new id of this request may become now.
  ContextShard::Room room() const {
    if (!reserved) return ContextShard::Room::kNone;
    if (!filled) return ContextShard::Room::kEntry;
    const uint64_t most = uint64_t{kMaxIds} * table.state_.max_entries.load(kRelaxed);
    return table.state_.ids.load(kRelaxed) < most ? ContextShard::Room::kRider
                                                  : ContextShard::Room::kNone;
  }

  // False when the id is new and there was no room.
  bool place(ContextKey id) {
    const auto admission = table.shard(id).admit(id, arrival, room(), now_ms, table.state_);
    if (admission.slot == kNoItem) return false;
    filled = filled || admission.added;
    conflict = conflict || admission.conflict;
    carry_dropped = carry_dropped || admission.carry_dropped;
    ticket.slots_[ticket.count_++] = {.index = admission.slot, .shard = shard_of(id)};
    return true;
  }
};

ContextTable::ContextTable(uint64_t seed, const Limits& limits) : seed_(seed), keys_(seed) {
  configure(limits);
}

void ContextTable::configure(const Limits& limits) {
  state_.max_entries.store(std::min(limits.max_entries, kMaxEntries), kRelaxed);
  state_.linger_ms.store(span_millis(limits.linger), kRelaxed);
  trim(state_.clock_ms.load(kRelaxed));
}

ContextTable::Ticket ContextTable::record(std::span<const ContextKey> ids,
                                          const ContextRecord& record, MonoTime now) {
  const uint32_t now_ms = to_millis(now);
  tell_time(state_, now_ms);
  const PackedContext packed(record, seed_);
  const ContextArrival arrival = arrival_of(record, packed, seed_, now);
  Ticket ticket;
  Recording recording{*this, arrival, now_ms, ticket, reserve_entry()};
  std::array<ContextKey, kMaxIds> missing;
  size_t count = 0;
  ids = ids.first(std::min(ids.size(), kMaxIds));
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto before = ids.first(i);
    const bool again = std::find(before.begin(), before.end(), ids[i]) != before.end();
    if (!again && !recording.place(ids[i])) missing[count++] = ids[i];
  }
  if (count > 0 && !recording.reserved) recording.reserved = make_room(now_ms);
  bool full = false;
  for (size_t i = 0; i < count; ++i) full = !recording.place(missing[i]) || full;

  if (recording.reserved && !recording.filled) state_.entries.fetch_sub(1, kRelaxed);
  if (recording.conflict) state_.conflicts.fetch_add(1, kRelaxed);
  if (recording.carry_dropped) state_.carry_dropped.fetch_add(1, kRelaxed);
  if (full) state_.full.fetch_add(1, kRelaxed);
  if (ticket.count_ == 0) return ticket;
  ticket.table_ = this;
  ticket.dyed_ = arrival.dyed;
  if (arrival.dyed) state_.live.fetch_add(1, kRelaxed);
  return ticket;
}

bool ContextTable::reserve_entry() {
  const uint32_t most = state_.max_entries.load(kRelaxed);
  uint32_t have = state_.entries.load(kRelaxed);
  while (have < most) {
    if (state_.entries.compare_exchange_weak(have, have + 1, kRelaxed)) return true;
  }
  return false;
}

bool ContextTable::make_room(uint32_t now_ms) {
  while (!reserve_entry()) {
    if (!evict_oldest(now_ms)) return false;
  }
  return true;
}

// The ids that rode along with an entry ended just before it, so they go with it.
bool ContextTable::evict_oldest(uint32_t now_ms) {
  for (;;) {
    ContextShard* oldest = nullptr;
    uint64_t first = 0;
    for (ContextShard& each : shards_) {
      const uint64_t end = each.oldest_end();
      if (end == 0 || (oldest != nullptr && !ContextShard::ended_earlier(end, first))) continue;
      oldest = &each;
      first = end;
    }
    if (oldest == nullptr) return false;
    const auto popped = oldest->pop_oldest(now_ms, state_);
    if (popped == ContextShard::Popped::kEntry) state_.evictions.fetch_add(1, kRelaxed);
    if (popped == ContextShard::Popped::kEntry || popped == ContextShard::Popped::kExpiredEntry) {
      return true;
    }
  }
}

void ContextTable::trim(uint32_t now_ms) {
  while (state_.entries.load(kRelaxed) > state_.max_entries.load(kRelaxed)) {
    if (!evict_oldest(now_ms)) return;
  }
}

void ContextTable::contradict(std::span<const ContextKey> ids, MonoTime now) {
  if (empty()) return;
  const uint32_t now_ms = to_millis(now);
  bool conflict = false;
  for (const ContextKey& id : ids) {
    conflict = shard(id).contradict(id, now_ms, state_) || conflict;
  }
  if (conflict) state_.conflicts.fetch_add(1, kRelaxed);
}

void ContextTable::expire(MonoTime now) {
  const uint32_t now_ms = to_millis(now);
  tell_time(state_, now_ms);
  for (ContextShard& each : shards_) {
    while (each.expire(now_ms, kExpireAtOnce, state_)) {
    }
  }
  trim(now_ms);
}

ContextTable::Counters ContextTable::counters() const {
  return {.entries = state_.entries.load(kRelaxed),
          .ids = state_.ids.load(kRelaxed),
          .carried_bytes = state_.carried_bytes.load(kRelaxed),
          .evictions = state_.evictions.load(kRelaxed),
          .conflicts = state_.conflicts.load(kRelaxed),
          .full = state_.full.load(kRelaxed),
          .carry_dropped = state_.carry_dropped.load(kRelaxed)};
}

uint64_t ContextTable::conflicts_to_report(MonoTime now) {
  const uint64_t fresh = state_.conflicts.load(kRelaxed) - conflicts_reported_;
  if (fresh == 0 || (last_report_ && now - *last_report_ < minutes(1))) return 0;
  conflicts_reported_ += fresh;
  last_report_ = now;
  return fresh;
}

size_t ContextTable::bytes() const {
  size_t sum = sizeof(*this);
  for (const ContextShard& each : shards_) sum += each.bytes();
  return sum;
}

// Backward, so that an entry ends after what rides along with it: see evict_oldest.
void ContextTable::finish(const Ticket& ticket, uint32_t now_ms) {
  tell_time(state_, now_ms);
  for (size_t i = ticket.count_; i > 0; --i) {
    const SlotRef slot = ticket.slots_[i - 1];
    shards_[slot.shard].end(slot.index, now_ms, state_);
  }
  if (ticket.dyed_) state_.live.fetch_sub(1, kRelaxed);
}

ContextTable::Ticket::~Ticket() {
  if (table_ != nullptr) table_->finish(*this, table_->state_.clock_ms.load(kRelaxed));
}

void ContextTable::Ticket::finish(MonoTime now) {
  if (table_ != nullptr) std::exchange(table_, nullptr)->finish(*this, to_millis(now));
}

void ContextTable::Ticket::swap(Ticket& other) noexcept {
  std::swap(table_, other.table_);
  std::swap(slots_, other.slots_);
  std::swap(count_, other.count_);
  std::swap(dyed_, other.dyed_);
}

}  // namespace woad
