#include "proxy/context/state_member.h"

#include <algorithm>
#include <optional>

namespace woad {
namespace {

constexpr std::string_view kColorPart = "c:";
constexpr std::string_view kTenantPart = "t:";

bool is_part_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

// One value, which may come once or twice the same.
struct Part {
  std::optional<std::string_view> text;
  bool twice = false;  // with different texts

  void add(std::string_view value) {
    twice = twice || (text && *text != value);
    text = value;
  }
  // nullopt: bad.
  template <class Reader>
  std::optional<std::string_view> read(Reader reader, Arena& arena) const {
    if (twice) return std::nullopt;
    return text ? reader(*text, arena) : std::string_view();
  }
};

}  // namespace

StateMember parse_state_member(std::string_view value, Arena& arena) {
  Part color;
  Part tenant;
  for (bool more = true; more;) {
    const size_t end = value.find(';');
    const std::string_view part = value.substr(0, end);
    const size_t colon = part.find(':');
    if (colon == std::string_view::npos || !is_part_name(part.substr(0, colon))) {
      return {.values = {}, .bad = true};
    }
    if (part.starts_with(kColorPart)) color.add(part.substr(kColorPart.size()));
    if (part.starts_with(kTenantPart)) tenant.add(part.substr(kTenantPart.size()));
    more = end != std::string_view::npos;
    if (more) value.remove_prefix(end + 1);
  }
  const auto color_value = color.read(read_color, arena);
  const auto tenant_value = tenant.read(read_context_value, arena);
  return {.values = {color_value.value_or(""), tenant_value.value_or("")},
          .bad = !color_value || !tenant_value};
}

std::string_view write_state_member(const ContextValues& values, Arena& arena) {
  const auto& [color, tenant] = values;
  return arena.join(color.empty() ? "" : kColorPart, color,
                    color.empty() || tenant.empty() ? "" : ";", tenant.empty() ? "" : kTenantPart,
                    tenant);
}

}  // namespace woad
