// The query of an admin request, and times for its answers. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/time.h"

namespace woad {

// The raw values of `key`, in order.
std::vector<std::string_view> query_values(std::string_view query, std::string_view key);
// The first one.
std::optional<std::string_view> query_value(std::string_view query, std::string_view key);

// RFC 3339 in UTC with milliseconds: "2026-11-20T08:15:00.250Z".
std::string rfc3339(WallTime time);

}  // namespace woad
