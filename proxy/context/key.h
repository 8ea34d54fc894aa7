// What an id of a request is to the context table: a hash that nobody outside can foresee.
//
// Pure functions of the seed; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/observe/trace_id.h"

namespace woad {

// Two ids of one kind that differ have different keys but for one pair in 2^64. A trace id and a
// header's value never share a key by being the same text.
struct ContextKey {
  uint64_t hash = 0;
  bool is_trace = false;  // decides which other id comes back from the table

  bool operator==(const ContextKey&) const = default;
};

class ContextKeys {
 public:
  // `seed` is random for each process, so that no sender can aim at one bucket of the table.
  explicit ContextKeys(uint64_t seed);

  // W3C and B3 trace ids alike; a B3 id of 64 bits has high = 0.
  ContextKey trace(TraceId id) const;
  // `name` in lower case; the value byte for byte.
  ContextKey header(std::string_view name, std::string_view value) const;

 private:
  uint64_t seed_;
  uint64_t trace_seed_;
};

// XXH3 of 64 bits.
uint64_t seeded_hash(std::string_view bytes, uint64_t seed);

}  // namespace woad
