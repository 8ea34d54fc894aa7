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

consteval const ErrorInfo& error_row(std::string_view code) {
  size_t at = 0;
  while (kErrors[at].code != code) ++at;  // a code without a row does not compile
  return kErrors[at];
}

}  // namespace detail

// An error is its row; a filter that wants one of its own declares a constant ErrorInfo and answers
// with it (filters/README.md).
class ErrorCode {
 public:
  // `info` lives as long as the process.
  constexpr ErrorCode(const ErrorInfo& info)  // NOLINT(google-explicit-constructor): it is its row
      : info_(&info) {}
  ErrorCode(ErrorInfo&&) = delete;

  constexpr const ErrorInfo& info() const { return *info_; }
  bool operator==(const ErrorCode&) const = default;

  static constexpr const ErrorInfo& kNone = detail::error_row("");
  static constexpr const ErrorInfo& kNoRoute = detail::error_row("no_route");
  static constexpr const ErrorInfo& kNoEndpoint = detail::error_row("no_endpoint");
  static constexpr const ErrorInfo& kPoolUnhealthy = detail::error_row("pool_unhealthy");
  static constexpr const ErrorInfo& kCircuitOpen = detail::error_row("circuit_open");
  static constexpr const ErrorInfo& kOverloaded = detail::error_row("overloaded");
  static constexpr const ErrorInfo& kConnectFailed = detail::error_row("connect_failed");
  static constexpr const ErrorInfo& kUpstreamReset = detail::error_row("upstream_reset");
  static constexpr const ErrorInfo& kBadUpstreamResponse =
      detail::error_row("bad_upstream_response");
  static constexpr const ErrorInfo& kTimeout = detail::error_row("timeout");
  static constexpr const ErrorInfo& kRateLimited = detail::error_row("rate_limited");
  static constexpr const ErrorInfo& kDenied = detail::error_row("denied");
  static constexpr const ErrorInfo& kBadRequest = detail::error_row("bad_request");
  static constexpr const ErrorInfo& kTargetTooLong = detail::error_row("target_too_long");
  static constexpr const ErrorInfo& kHeadersTooLarge = detail::error_row("headers_too_large");
  static constexpr const ErrorInfo& kLoop = detail::error_row("loop");
  static constexpr const ErrorInfo& kMtlsRequired = detail::error_row("mtls_required");
  static constexpr const ErrorInfo& kFault = detail::error_row("fault");

 private:
  const ErrorInfo* info_;
};

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
