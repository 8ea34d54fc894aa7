// The request id (x-request-id): kept when it can be shown, made when it is missing or cannot.
#pragma once

#include <string_view>

#include "proxy/base/arena.h"
#include "proxy/base/random.h"

namespace woad {

// In bytes; a longer one is replaced (config/reference.md, "Trace headers").
inline constexpr size_t kMaxRequestId = 128;

// 1 to kMaxRequestId bytes of printable ASCII (0x20 to 0x7e).
bool valid_request_id(std::string_view id);

// A UUID of version 4 in lower case (RFC 9562 section 5.4).
std::string_view make_request_id(Random& random, Arena& arena);

}  // namespace woad
