#include "proxy/filter/filter.h"

namespace woad {

std::string_view to_string(Outcome::Kind kind) {
  constexpr std::string_view kWords[] = {"answered", "connect_failed", "refused",
                                         "reset",    "bad_response",   "per_try_timeout"};
  return kWords[static_cast<size_t>(kind)];
}

}  // namespace woad
