#include "proxy/http/outcome.h"

namespace woad {
namespace {

constexpr ErrorInfo kErrors[] = {
    {"", 200, "", 0, "-", ""},
    {"no_route", 404, "destination_not_found", 12, "NR",
     "Check the host against services and routes in woad.yaml, or ask `woad explain`."},
    {"no_endpoint", 503, "destination_unavailable", 14, "UH",
     "Give the service an endpoint of this colour, or allow a fallback."},
    {"pool_unhealthy", 503, "destination_unavailable", 14, "UH",
     "Look at /services for the pool, or set its on_unhealthy to fallback."},
    {"circuit_open", 503, "destination_unavailable", 14, "UO",
     "The breaker of the pool is open after repeated failures; look at /services."},
    {"overloaded", 503, "connection_limit_reached", 14, "UO",
     "Too many requests or connections at once; try again, or raise the limit that is named."},
    {"connect_failed", 503, "connection_refused", 14, "UF",
     "Check that the endpoint listens at this address and can be reached."},
    {"upstream_reset", 502, "connection_terminated", 14, "UC",
     "The upstream closed the connection before it answered; look at its log."},
    {"bad_upstream_response", 502, "http_protocol_error", 13, "UPE",
     "The upstream's answer breaks HTTP; look at what it sends."},
    {"timeout", 504, "http_response_timeout", 4, "UT",
     "The upstream was too slow; raise the timeout that is named, or look at the upstream."},
    {"rate_limited", 429, "http_request_denied", 8, "RL",
     "Slow down, or raise rate and burst of the rate_limit filter."},
    {"denied", 403, "http_request_denied", 7, "RBAC",
     "Ask for an authorization rule that allows this caller."},
    {"bad_request", 400, "http_request_error", 13, "DPE",
     "Mend the request; nothing was forwarded."},
    {"target_too_long", 414, "http_request_error", 13, "DPE",
     "Shorten the request target, or raise limits.headers.target."},
    {"headers_too_large", 431, "http_request_error", 13, "DPE",
     "Send fewer or shorter header fields, or raise limits.headers."},
    {"loop", 508, "proxy_loop_detected", 13, "DPE",
     "The request went through too many sidecars; look for a service that calls itself."},
    {"mtls_required", 403, "http_request_denied", 7, "RBAC", "Connect with mutual TLS."},
    {"fault", 503, "proxy_internal_response", 14, "FI", "A fault filter was told to abort this."},
};
static_assert(sizeof(kErrors) / sizeof(kErrors[0]) == kErrorCodeCount);

}  // namespace

const ErrorInfo& error_info(ErrorCode code) { return kErrors[static_cast<int>(code)]; }

int grpc_status_of_http(int status) {
  switch (status) {
    case 400: return 13;
    case 401: return 16;
    case 403: return 7;
    case 404: return 12;
    case 429:
    case 502:
    case 503:
    case 504: return 14;
    default: return 2;
  }
}

}  // namespace woad
