#include "proxy/http/outcome.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "proxy/http/codec.h"

using namespace woad;

TEST_CASE("codes and statuses are those of config/reference.md") {
  const struct {
    ErrorCode code;
    const char* name;
    int status;
    int grpc;
  } kCases[] = {
      {ErrorCode::kNoRoute, "no_route", 404, 12},
      {ErrorCode::kNoEndpoint, "no_endpoint", 503, 14},
      {ErrorCode::kPoolUnhealthy, "pool_unhealthy", 503, 14},
      {ErrorCode::kCircuitOpen, "circuit_open", 503, 14},
      {ErrorCode::kOverloaded, "overloaded", 503, 14},
      {ErrorCode::kConnectFailed, "connect_failed", 503, 14},
      {ErrorCode::kUpstreamReset, "upstream_reset", 502, 14},
      {ErrorCode::kBadUpstreamResponse, "bad_upstream_response", 502, 13},
      {ErrorCode::kTimeout, "timeout", 504, 4},
      {ErrorCode::kRateLimited, "rate_limited", 429, 8},
      {ErrorCode::kDenied, "denied", 403, 7},
      {ErrorCode::kBadRequest, "bad_request", 400, 13},
      {ErrorCode::kTargetTooLong, "target_too_long", 414, 13},
      {ErrorCode::kHeadersTooLarge, "headers_too_large", 431, 13},
      {ErrorCode::kLoop, "loop", 508, 13},
      {ErrorCode::kMtlsRequired, "mtls_required", 403, 7},
  };
  for (const auto& test : kCases) {
    const ErrorInfo& info = error_info(test.code);
    CHECK(info.code == test.name);
    CHECK(info.status == test.status);
    CHECK(info.grpc_status == test.grpc);
    CHECK(!info.hint.empty());
    CHECK(!info.proxy_status.empty());
  }
}

TEST_CASE("a reply's own status rules over its code's") {
  LocalReply reply;
  reply.code = ErrorCode::kBadRequest;
  CHECK(reply.effective_status() == 400);
  reply.status = 417;
  CHECK(reply.effective_status() == 417);
}

TEST_CASE("each kind of hostile input has a word of its own") {
  std::set<std::string> words;
  for (int i = 0; i < kHostileCount; ++i) {
    words.insert(std::string(to_string(static_cast<Hostile>(i))));
  }
  CHECK(words.size() == static_cast<size_t>(kHostileCount));
}
