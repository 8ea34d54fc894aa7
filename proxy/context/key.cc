#include "proxy/context/key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace woad {

uint64_t seeded_hash(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

// No header has an empty name, so the two kinds never share a seed on purpose.
ContextKeys::ContextKeys(uint64_t seed) : seed_(seed), trace_seed_(seeded_hash("", seed)) {}

ContextKey ContextKeys::trace(TraceId id) const {
  char bytes[sizeof(id.high) + sizeof(id.low)];
  std::memcpy(bytes, &id.high, sizeof(id.high));
  std::memcpy(bytes + sizeof(id.high), &id.low, sizeof(id.low));
  return {seeded_hash({bytes, sizeof(bytes)}, trace_seed_), true};
}

ContextKey ContextKeys::header(std::string_view name, std::string_view value) const {
  return {seeded_hash(value, seeded_hash(name, seed_)), false};
}

}  // namespace woad
