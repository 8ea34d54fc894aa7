// Everything that can go wrong with a request, and what each means to a client: the rows of one
// table, and those that a filter declares for itself.
//
// The codes, statuses and Proxy-Status words are the contract of config/reference.md ("Errors").
// Proxy-Status is RFC 9209; gRPC status codes are those of the gRPC specification. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace woad {

struct ErrorInfo {
  std::string_view code;          // x-woad-error, metrics, access log; "" for kNone
  int status;                     // the default HTTP status
  std::string_view proxy_status;  // RFC 9209 error type
  int grpc_status;
  std::string_view flag;  // Envoy's response flag for the same cause; "-" when there is none
  std::string_view hint;  // what to try, one sentence
};

// An error is its row; a filter that wants one of its own declares a constant ErrorInfo and answers
// with it (filters/README.md).
class ErrorCode {
 public:
  // `info` lives as long as the process.
  constexpr ErrorCode(const ErrorInfo& info)  // NOLINT(google-explicit-constructor): it is its row
      : info_(&info) {}

  constexpr const ErrorInfo& info() const { return *info_; }
  bool operator==(const ErrorCode&) const = default;

  static const ErrorCode kNone;
  static const ErrorCode kNoRoute;
  static const ErrorCode kNoEndpoint;
  static const ErrorCode kPoolUnhealthy;
  static const ErrorCode kCircuitOpen;
  static const ErrorCode kOverloaded;
  static const ErrorCode kConnectFailed;
  static const ErrorCode kUpstreamReset;
  static const ErrorCode kBadUpstreamResponse;
  static const ErrorCode kTimeout;
  static const ErrorCode kRateLimited;
  static const ErrorCode kDenied;
  static const ErrorCode kBadRequest;
  static const ErrorCode kTargetTooLong;
  static const ErrorCode kHeadersTooLarge;
  static const ErrorCode kLoop;
  static const ErrorCode kMtlsRequired;
  static const ErrorCode kFault;

 private:
  const ErrorInfo* info_;
};

inline constexpr ErrorInfo kErrors[] = {
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
     "Mend the request; it was not passed on as a whole."},
    {"target_too_long", 414, "http_request_error", 13, "DPE",
     "Shorten the request target, or raise limits.headers.target."},
    {"headers_too_large", 431, "http_request_error", 13, "DPE",
     "Send fewer or shorter header fields, or raise limits.headers."},
    {"loop", 508, "proxy_loop_detected", 13, "DPE",
     "The request went through too many sidecars; look for a service that calls itself."},
    {"mtls_required", 403, "http_request_denied", 7, "RBAC", "Connect with mutual TLS."},
    {"fault", 503, "proxy_internal_response", 14, "FI", "A fault filter was told to abort this."},
};

namespace detail {

consteval ErrorCode error_named(std::string_view code) {
  size_t at = 0;
  while (kErrors[at].code != code) ++at;  // a code without a row does not compile
  return kErrors[at];
}

}  // namespace detail

inline constexpr ErrorCode ErrorCode::kNone = detail::error_named("");
inline constexpr ErrorCode ErrorCode::kNoRoute = detail::error_named("no_route");
inline constexpr ErrorCode ErrorCode::kNoEndpoint = detail::error_named("no_endpoint");
inline constexpr ErrorCode ErrorCode::kPoolUnhealthy = detail::error_named("pool_unhealthy");
inline constexpr ErrorCode ErrorCode::kCircuitOpen = detail::error_named("circuit_open");
inline constexpr ErrorCode ErrorCode::kOverloaded = detail::error_named("overloaded");
inline constexpr ErrorCode ErrorCode::kConnectFailed = detail::error_named("connect_failed");
inline constexpr ErrorCode ErrorCode::kUpstreamReset = detail::error_named("upstream_reset");
inline constexpr ErrorCode ErrorCode::kBadUpstreamResponse =
    detail::error_named("bad_upstream_response");
inline constexpr ErrorCode ErrorCode::kTimeout = detail::error_named("timeout");
inline constexpr ErrorCode ErrorCode::kRateLimited = detail::error_named("rate_limited");
inline constexpr ErrorCode ErrorCode::kDenied = detail::error_named("denied");
inline constexpr ErrorCode ErrorCode::kBadRequest = detail::error_named("bad_request");
inline constexpr ErrorCode ErrorCode::kTargetTooLong = detail::error_named("target_too_long");
inline constexpr ErrorCode ErrorCode::kHeadersTooLarge = detail::error_named("headers_too_large");
inline constexpr ErrorCode ErrorCode::kLoop = detail::error_named("loop");
inline constexpr ErrorCode ErrorCode::kMtlsRequired = detail::error_named("mtls_required");
inline constexpr ErrorCode ErrorCode::kFault = detail::error_named("fault");

inline const ErrorInfo& error_info(ErrorCode code) { return code.info(); }

// The grpc-status for an HTTP status a proxy answers (gRPC's "HTTP to gRPC status mapping").
int grpc_status_of_http(int status);

// An answer the sidecar makes itself. `details` is the sentence that says why, for the client, the
// log and Proxy-Status; it must not repeat bytes of the request unescaped.
struct LocalReply {
  ErrorCode code = ErrorCode::kNone;  // kNone: configured answers (respond, redirect)
  int status = 0;                     // 0: error_info(code).status
  std::string details{};
  std::string_view proxy_status{};  // "": error_info(code).proxy_status; static storage
  std::string location{};           // redirect target
  std::string body{};               // configured answers alone: the body as configured
  int retry_after_seconds = 0;      // > 0: Retry-After
  bool close = false;               // HTTP/1: the connection ends with this answer

  int effective_status() const { return status != 0 ? status : error_info(code).status; }
};

}  // namespace woad
