// The grpc-timeout header: up to eight digits and a unit (H, M, S, m, u, n), as in "100m".
#pragma once

#include <optional>
#include <string_view>

#include "proxy/base/arena.h"
#include "proxy/base/time.h"

namespace woad {

// Nothing when `text` breaks the syntax. More than a year counts as a year.
std::optional<Duration> parse_grpc_timeout(std::string_view text);

// Never more than `left` (but at least 1 ns), in the finest unit that fits; lives in `arena`.
std::string_view write_grpc_timeout(Duration left, Arena& arena);

}  // namespace woad
