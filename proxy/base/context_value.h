// The syntax of colours and tenants, in headers and in labels alike.
#pragma once

#include <string_view>

namespace woad {

inline constexpr std::string_view kBaseColor = "base";
inline constexpr size_t kMaxContextValue = 63;

// [a-z0-9]([a-z0-9-]*)(\.[a-z0-9-]+){0,3}, at most 63 bytes; lower case only.
bool valid_context_value(std::string_view value);

// The colour one level up: "red.alice" → "red", "red" → "".
inline std::string_view parent_color(std::string_view color) {
  const size_t dot = color.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : color.substr(0, dot);
}

}  // namespace woad
