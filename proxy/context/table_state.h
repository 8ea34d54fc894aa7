// What the shards of the context table have in common: limits and counts, all relaxed atomics.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace woad {

inline constexpr uint32_t kContextShards = 16;
// Of all names and values carried, over all shards.
inline constexpr size_t kMaxTableCarriedBytes = size_t{16} << 20;

// A slot of the table: shard and index. Stays the same slot while a request holds it.
struct SlotRef {
  uint32_t index = 0;
  uint8_t shard = 0;
};

struct TableState {
  std::atomic<uint32_t> max_entries{0};
  std::atomic<int32_t> linger_ms{0};

  std::atomic<uint32_t> ids{0};
  std::atomic<uint32_t> entries{0};
  std::atomic<uint32_t> live{0};
  std::atomic<size_t> carried_bytes{0};
  std::atomic<uint32_t> end_order{0};  // breaks ties within a millisecond
  std::atomic<uint32_t> clock_ms{0};   // the last time anybody told

  std::atomic<uint64_t> evictions{0};
  std::atomic<uint64_t> conflicts{0};
  std::atomic<uint64_t> full{0};
  std::atomic<uint64_t> carry_dropped{0};
};

}  // namespace woad
