#include "proxy/context/values.h"

#include <algorithm>

#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"

namespace woad {

std::optional<std::string_view> read_context_value(std::string_view raw, Arena& arena) {
  if (valid_context_value(raw)) return raw;
  if (raw.empty() || raw.size() > kMaxContextValue) return std::nullopt;
  char lowered[kMaxContextValue];
  std::transform(raw.begin(), raw.end(), lowered, to_lower);
  const std::string_view value(lowered, raw.size());
  if (!valid_context_value(value)) return std::nullopt;
  return arena.copy(value);
}

std::optional<std::string_view> read_color(std::string_view raw, Arena& arena) {
  const auto color = read_context_value(raw, arena);
  if (color == kBaseColor) return std::string_view();
  return color;
}

}  // namespace woad
