#include "config/doubling.h"

#include <string>

#include "config/values.h"

namespace woad::config {

void check_doubling(Duration first, std::string_view first_key, Duration limit,
                    std::string_view limit_key, const Node& node, Diagnostics& diagnostics) {
  if (first <= limit) return;
  diagnostics.error_below(node, node.find(limit_key) ? limit_key : first_key,
                          std::string(first_key) + " (" + show(first) + ") is longer than " +
                              std::string(limit_key) + " (" + show(limit) +
                              "), at which its doubling ends");
}

}  // namespace woad::config
