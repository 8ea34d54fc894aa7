// A UUID (RFC 9562 section 4) in 16 bytes, for keeping request ids small.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/base/arena.h"

namespace woad {

struct Uuid {
  uint64_t high = 0;
  uint64_t low = 0;

  bool nil() const { return (high | low) == 0; }
  bool operator==(const Uuid&) const = default;
};

// 8-4-4-4-12 digits in lower case, of any version: exactly what show() gives back; else nothing.
std::optional<Uuid> parse_uuid(std::string_view text);
std::string_view show(Uuid uuid, Arena& arena);

}  // namespace woad
