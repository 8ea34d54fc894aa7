#include "proxy/http/stream.h"

#include "proxy/http/codec.h"

namespace woad {

std::string_view to_string(ResetReason reason) {
  constexpr std::string_view kWords[] = {"cancelled",     "refused",        "connection lost",
                                         "not connected", "protocol error", "internal error",
                                         "timeout",       "tunnel lost"};
  return kWords[static_cast<size_t>(reason)];
}

std::string_view to_string(Hostile kind) {
  constexpr std::string_view kWords[] = {"malformed_head", "framing",           "host",
                                         "target",         "headers_too_large", "header_timeout",
                                         "flood",          "protocol_error",    "upstream_response",
                                         "slow_body",      "slow_reader"};
  return kWords[static_cast<size_t>(kind)];
}

}  // namespace woad
