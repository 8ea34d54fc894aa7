// What an id stands for: from a slot of the table to a record.
#include "proxy/context/millis.h"
#include "proxy/context/packed_context.h"
#include "proxy/context/table.h"
#include "proxy/observe/uuid.h"

namespace woad {
namespace {

ContextLookup lookup_of(const ContextShard::Found& found, ContextKey id, Arena& arena,
                        MonoTime now) {
  using Flag = ContextSlot::Flag;
  ContextLookup lookup;
  if (!found.known) return lookup;
  const ContextSlot& slot = found.slot;
  if (slot.has(Flag::kAmbiguous)) {
    lookup.kind = ContextLookup::Kind::kAmbiguous;
    return lookup;
  }
  lookup.kind = ContextLookup::Kind::kFound;
  lookup.carried_unknown = slot.has(Flag::kCarriedUnknown);
  ContextRecord& record = lookup.record;
  unpack(found.packed, record, arena);
  if (slot.has(Flag::kDeadline)) record.deadline = from_millis(slot.when, now);
  record.attempt = slot.attempt;
  record.parent_span = SpanId{slot.parent_span};
  const Uuid other{slot.other_high, slot.other_low};
  if (!id.is_trace) {
    record.trace = TraceId{other.high, other.low};
  } else if (!other.nil()) {
    record.request_id = show(other, arena);
  }
  return lookup;
}

}  // namespace

ContextLookup ContextTable::find(ContextKey id, Arena& arena, MonoTime now) const {
  if (empty()) return {};
  return lookup_of(shard(id).find(id, arena, to_millis(now), state_), id, arena, now);
}

std::optional<ContextTable::Description> ContextTable::describe(ContextKey id, Arena& arena,
                                                                MonoTime now) const {
  const uint32_t now_ms = to_millis(now);
  const auto found = shard(id).find(id, arena, now_ms, state_);
  if (!found.known) return std::nullopt;
  Description description{
      .active = 0, .expires_in = {}, .lookup = lookup_of(found, id, arena, now)};
  if (found.slot.has(ContextSlot::kEnded)) {
    description.expires_in = milliseconds(state_.linger_ms.load(std::memory_order_relaxed) -
                                          millis_between(found.slot.when, now_ms));
  } else {
    description.active = found.slot.active;
  }
  return description;
}

}  // namespace woad
