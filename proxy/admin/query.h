// The query of an admin request. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace woad {

// The raw values of `key`, in order.
std::vector<std::string_view> query_values(std::string_view query, std::string_view key);
// The first one.
std::optional<std::string_view> query_value(std::string_view query, std::string_view key);

}  // namespace woad
