// The two values by which a request is routed, and the one way in which a carrier's text becomes
// one of them.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/base/arena.h"

namespace woad {

// Views; whoever fills them says how long they live. Lower case and valid (base/context_value.h).
struct ContextValues {
  std::string_view color;  // "" = undyed
  std::string_view tenant;

  bool empty() const { return color.empty() && tenant.empty(); }
  bool operator==(const ContextValues&) const = default;
};

// `raw` lower-cased (a copy in `arena` when that changes it), or nothing when it is no valid value.
std::optional<std::string_view> read_context_value(std::string_view raw, Arena& arena);
// The same for a colour; `base` is no colour: "".
std::optional<std::string_view> read_color(std::string_view raw, Arena& arena);

}  // namespace woad
