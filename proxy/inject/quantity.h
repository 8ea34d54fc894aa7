// Quantities of Kubernetes ("10m", "128Mi"), and the names that it takes. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace woad {

// The amount in units; nothing: it is no quantity, or is negative.
std::optional<double> parse_quantity(std::string_view text);

// A DNS subdomain (RFC 1123), as names of objects are.
bool is_object_name(std::string_view text);

}  // namespace woad
