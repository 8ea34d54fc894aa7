#include "config/at_most.h"

#include <string>

#include "config/values.h"

namespace woad::config {

void check_at_most(const NamedTime& time, const NamedTime& limit, std::string_view why,
                   const Node& node, Diagnostics& diagnostics) {
  if (time.value <= limit.value) return;
  const auto shown = [](const NamedTime& each) {
    return std::string(each.key) + " (" + show(each.value) + ")";
  };
  diagnostics.error_below(
      node, node.find(limit.key) ? limit.key : time.key,
      shown(time) + " is longer than " + shown(limit) + ", " + std::string(why));
}

}  // namespace woad::config
