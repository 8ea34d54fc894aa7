#include "proxy/http/exchange_info.h"

namespace woad {

std::string_view to_string(Direction direction) {
  return direction == Direction::kInbound ? "inbound" : "outbound";
}

std::string_view to_string(ContextSource source) {
  constexpr std::string_view kWords[] = {"none",  "header",   "baggage", "tracestate",
                                         "table", "inferred", "dye",     "instance"};
  return kWords[static_cast<size_t>(source)];
}

std::string_view to_string(PoolReason reason) {
  constexpr std::string_view kWords[] = {"undyed",          "exact",          "parent",
                                         "base_absent",     "base_unhealthy", "failed_absent",
                                         "failed_unhealthy"};
  return kWords[static_cast<size_t>(reason)];
}

std::string_view to_string(ClosedBy closed_by) {
  constexpr std::string_view kWords[] = {"", "downstream", "upstream", "woad"};
  return kWords[static_cast<size_t>(closed_by)];
}

}  // namespace woad
