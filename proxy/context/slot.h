// What the context table knows of one id: 56 bytes, and 4 for its bucket.
#pragma once

#include <cstdint>

#include "proxy/context/hashed_slab.h"
#include "proxy/context/millis.h"

namespace woad {

struct ContextSlot {
  enum Flag : uint8_t {
    kEntry = 1,      // counts against max_entries; others ride along with one that does
    kEnded = 2,      // no request of it runs; it lingers
    kAmbiguous = 4,  // no context and no facts below
    kDyed = 8,       // has a colour or a tenant
    kDeadline = 16,  // `when` is a deadline
    kCarriedUnknown = 32,
  };

  // What a search and the list of the ended look at comes first, and so in one cache line mostly.
  uint64_t key = 0;
  uint32_t next = kNoItem;
  uint32_t newer = kNoItem;
  union {
    uint32_t active = 0;  // requests that run
    uint32_t older;       // in the list of the ended
  };
  uint32_t when = 0;         // milliseconds: the deadline, or when it ended
  uint32_t value = kNoItem;  // in the ValueStore of its shard
  uint16_t order = 0;        // of ends within a millisecond
  uint8_t attempt = 0;
  uint8_t flags = 0;
  uint64_t parent_span = 0;  // 0: unknown
  uint64_t other_high = 0;   // the other id of its requests; 0 and 0: unknown
  uint64_t other_low = 0;

  bool has(Flag flag) const { return (flags & flag) != 0; }
  void set(Flag flag) { flags = static_cast<uint8_t>(flags | flag); }
  void reset(Flag flag) { flags = static_cast<uint8_t>(flags & ~flag); }

  bool expired(uint32_t now_ms, int32_t linger_ms) const {
    return has(kEnded) && millis_between(when, now_ms) >= linger_ms;
  }
};
static_assert(sizeof(ContextSlot) == 56);

}  // namespace woad
