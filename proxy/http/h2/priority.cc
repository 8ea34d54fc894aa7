#include "proxy/http/h2/priority.h"

#include "proxy/base/strings.h"

namespace woad {

std::optional<nghttp2_extpri> read_priority(std::string_view value) {
  nghttp2_extpri priority{NGHTTP2_EXTPRI_DEFAULT_URGENCY, 0};
  bool right = true;
  for_each_list_item(value, [&](std::string_view item) {
    const std::string_view said = trim(item.substr(0, item.find(';')));
    if (said == "i" || said == "i=?1") {
      priority.inc = 1;
    } else if (said == "i=?0") {
      priority.inc = 0;
    } else if (said.starts_with("u=")) {
      right = said.size() == 3 && said[2] >= '0' && said[2] <= '7';
      if (right) priority.urgency = static_cast<uint32_t>(said[2] - '0');
    } else if (said.starts_with("i=") || said == "u") {
      right = false;
    }
    return right;
  });
  return right ? std::optional(priority) : std::nullopt;
}

}  // namespace woad
