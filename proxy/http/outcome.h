// Everything that can go wrong with a request, and what each means to a client: one table.
//
// The codes, statuses and Proxy-Status words are the contract of config/reference.md ("Errors").
// Proxy-Status is RFC 9209; gRPC status codes are those of the gRPC specification.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace woad {

enum class ErrorCode : uint8_t {
  kNone,
  kNoRoute,
  kNoEndpoint,
  kPoolUnhealthy,
  kCircuitOpen,
  kOverloaded,
  kConnectFailed,
  kUpstreamReset,
  kBadUpstreamResponse,
  kTimeout,
  kRateLimited,
  kDenied,
  kBadRequest,
  kTargetTooLong,
  kHeadersTooLarge,
  kLoop,
  kMtlsRequired,
  kFault,
};
inline constexpr int kErrorCodeCount = static_cast<int>(ErrorCode::kFault) + 1;

struct ErrorInfo {
  std::string_view code;          // x-woad-error, metrics, access log; "" for kNone
  int status;                     // the default HTTP status
  std::string_view proxy_status;  // RFC 9209 error type
  int grpc_status;
  std::string_view flag;  // Envoy's response flag for the same cause; "-" when there is none
  std::string_view hint;  // what to try, one sentence
};

const ErrorInfo& error_info(ErrorCode code);

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
