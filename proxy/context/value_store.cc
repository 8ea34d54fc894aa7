#include "proxy/context/value_store.h"

#include <algorithm>

#include "proxy/context/table_state.h"

namespace woad {

uint32_t ValueStore::take(const PackedContext& packed, std::atomic<size_t>& carried) {
  const std::string_view bytes = packed.bytes();
  const uint32_t known = values_.find(packed.hash(), [&](const Value& value) {
    return std::string_view(value.bytes.get(), value.size) == bytes;
  });
  if (known != kNoItem) {
    ++values_[known].uses;
    return known;
  }
  const size_t more = packed.carried_bytes();
  if (more > 0 &&
      carried.fetch_add(more, std::memory_order_relaxed) + more > kMaxTableCarriedBytes) {
    carried.fetch_sub(more, std::memory_order_relaxed);
    return kNoItem;
  }
  const uint32_t at = values_.add(packed.hash());
  Value& value = values_[at];
  value.uses = 1;
  value.bytes.reset(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), value.bytes.get());
  value.size = static_cast<uint32_t>(bytes.size());
  value.carried = static_cast<uint32_t>(more);
  kept_bytes_ += bytes.size();
  return at;
}

void ValueStore::give(uint32_t at, std::atomic<size_t>& carried) {
  Value& value = values_[at];
  if (--value.uses > 0) return;
  if (value.carried > 0) carried.fetch_sub(value.carried, std::memory_order_relaxed);
  kept_bytes_ -= value.size;
  values_.remove(at);
}

}  // namespace woad
