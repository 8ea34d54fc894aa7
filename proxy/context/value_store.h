// The packed contexts of one shard, each kept once and counted by those that use it.
//
// No lock; the shard has one. A context without carried headers is bounded by the number of its
// users; carried bytes are bounded over all shards.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "proxy/context/hashed_slab.h"
#include "proxy/context/packed_context.h"

namespace woad {

class ValueStore {
 public:
  // One use more; allocates when the context is new here. kNoItem when its carried bytes, added to
  // those of all shards (`carried`), would be over kMaxTableCarriedBytes.
  uint32_t take(const PackedContext& packed, std::atomic<size_t>& carried);
  // One use less.
  void give(uint32_t at, std::atomic<size_t>& carried);

  // Valid while it is in use.
  std::string_view bytes_of(uint32_t at) const {
    return {values_[at].bytes.get(), values_[at].size};
  }

  // Memory in use.
  size_t bytes() const { return values_.bytes() + kept_bytes_; }

 private:
  struct Value {
    uint64_t key = 0;
    uint32_t next = 0;
    uint32_t uses = 0;
    std::unique_ptr<char[]> bytes;
    uint32_t size = 0;
    uint32_t carried = 0;
  };

  HashedSlab<Value> values_;
  size_t kept_bytes_ = 0;
};

}  // namespace woad
