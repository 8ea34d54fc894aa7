// The Retry-After field (RFC 9110 section 10.2.3). Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/base/time.h"

namespace woad {

// How long from now, at most a day; nothing when the value is neither seconds nor an IMF-fixdate.
std::optional<Duration> parse_retry_after(std::string_view value, WallTime now);

}  // namespace woad
