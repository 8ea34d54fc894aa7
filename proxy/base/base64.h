// Base64 (RFC 4648 section 4), with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace woad {

std::string base64(std::string_view bytes);

// Nothing: it is none. The padding may not be left out.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace woad
