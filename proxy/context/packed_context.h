// The part of a record that requests have in common (values and carried headers) as one run of
// bytes, so that equal ones are kept once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/base/arena.h"
#include "proxy/base/context_value.h"
#include "proxy/context/record.h"

namespace woad {

// On the stack, without allocation. Values are valid; anything else is a bug of the caller.
class PackedContext {
 public:
  // Without the carried headers when they are over the limits of record.h; whole() says so.
  PackedContext(const ContextRecord& record, uint64_t seed);
  PackedContext(const ContextValues& values, uint64_t seed);

  std::string_view bytes() const { return {bytes_, size_}; }
  uint64_t hash() const { return hash_; }
  // Of names and values.
  size_t carried_bytes() const { return carried_; }
  bool whole() const { return whole_; }

 private:
  static constexpr size_t kHead = 3;       // how long color and tenant are, how many fields
  static constexpr size_t kFieldHead = 4;  // how long name and value are
  static constexpr size_t kMaxBytes =
      kHead + 2 * kMaxContextValue + kMaxCarriedFields * kFieldHead + kMaxCarriedBytes;

  void put(std::string_view text);
  void put_length(size_t length);

  friend ContextValues packed_values(std::string_view packed);
  friend void unpack(std::string_view packed, ContextRecord& record, Arena& arena);

  char bytes_[kMaxBytes];
  size_t size_ = 0;
  size_t carried_ = 0;
  uint64_t hash_ = 0;
  bool whole_ = true;
};

// Views into `packed`, which is what bytes() gave.
ContextValues packed_values(std::string_view packed);
// Values and carried headers; views into `packed`, their list in `arena`.
void unpack(std::string_view packed, ContextRecord& record, Arena& arena);

}  // namespace woad
