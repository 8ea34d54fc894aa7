#include "proxy/exchange/local_answer.h"

#include <doctest/doctest.h>

#include "tests/support/request_head.h"

using namespace woad;
using test::TestRequest;

namespace {

struct Answer {
  Answer(const LocalReply& reply, bool grpc, std::string_view id = {}) : arena(pool), head(arena) {
    body = make_local_answer(reply, grpc, id, blocks, head).to_string();
  }
  std::string field(std::string_view name) const {
    return TestRequest::field_of(head.headers, name);
  }
  ArenaPool pool;
  Arena arena;
  BlockPool blocks;
  ResponseHead head;
  std::string body;
};

// The table of config/reference.md ("Errors").
struct Row {
  ErrorCode code;
  std::string_view word;
  int status;
  std::string_view proxy_status;
  std::string_view grpc_status;
};
constexpr Row kRows[] = {
    {ErrorCode::kNoRoute, "no_route", 404, "destination_not_found", "12"},
    {ErrorCode::kNoEndpoint, "no_endpoint", 503, "destination_unavailable", "14"},
    {ErrorCode::kPoolUnhealthy, "pool_unhealthy", 503, "destination_unavailable", "14"},
    {ErrorCode::kCircuitOpen, "circuit_open", 503, "destination_unavailable", "14"},
    {ErrorCode::kOverloaded, "overloaded", 503, "connection_limit_reached", "14"},
    {ErrorCode::kConnectFailed, "connect_failed", 503, "connection_refused", "14"},
    {ErrorCode::kUpstreamReset, "upstream_reset", 502, "connection_terminated", "14"},
    {ErrorCode::kBadUpstreamResponse, "bad_upstream_response", 502, "http_protocol_error", "13"},
    {ErrorCode::kTimeout, "timeout", 504, "http_response_timeout", "4"},
    {ErrorCode::kRateLimited, "rate_limited", 429, "http_request_denied", "8"},
    {ErrorCode::kDenied, "denied", 403, "http_request_denied", "7"},
    {ErrorCode::kBadRequest, "bad_request", 400, "http_request_error", "13"},
    {ErrorCode::kTargetTooLong, "target_too_long", 414, "http_request_error", "13"},
    {ErrorCode::kHeadersTooLarge, "headers_too_large", 431, "http_request_error", "13"},
    {ErrorCode::kLoop, "loop", 508, "proxy_loop_detected", "13"},
    {ErrorCode::kMtlsRequired, "mtls_required", 403, "http_request_denied", "7"},
    {ErrorCode::kFault, "fault", 503, "proxy_internal_response", "14"},
};
static_assert(std::size(kRows) + 1 == std::size(kErrors));

TEST_CASE("local answer: every error") {
  for (const Row& row : kRows) {
    CAPTURE(row.word);
    const Answer plain({.code = row.code, .details = "it broke"}, false, "id-1");
    CHECK(plain.head.status == row.status);
    CHECK(plain.field("x-woad-error") == row.word);
    CHECK(plain.field("proxy-status") ==
          "woad; error=" + std::string(row.proxy_status) + "; details=\"it broke\"");
    CHECK(plain.field("x-request-id") == "id-1");
    CHECK(plain.field("content-type") == "text/plain; charset=utf-8");
    CHECK(plain.body.starts_with(std::string(row.word) + ": it broke. "));
    CHECK(plain.body.ends_with(".\n"));
    CHECK(plain.head.content_length == plain.body.size());

    const Answer grpc({.code = row.code, .details = "it broke"}, true);
    CHECK(grpc.head.status == 200);
    CHECK(grpc.body.empty());
    CHECK(grpc.field("content-type") == "application/grpc");
    CHECK(grpc.field("grpc-status") == row.grpc_status);
    CHECK(grpc.field("grpc-message") == "it broke");
    CHECK(grpc.field("x-woad-error") == row.word);
    CHECK(grpc.field("x-request-id") == "(none)");
  }
}

TEST_CASE("local answer: what a reply may change") {
  const Answer own({.code = ErrorCode::kConnectFailed,
                    .status = 502,
                    .details = "x",
                    .proxy_status = "dns_error",
                    .retry_after_seconds = 7},
                   false);
  CHECK(own.head.status == 502);
  CHECK(own.field("proxy-status") == "woad; error=dns_error; details=\"x\"");
  CHECK(own.field("retry-after") == "7");
  const Answer method({.code = ErrorCode::kBadRequest, .status = 405, .details = "x"}, false);
  CHECK(method.field("allow") != "(none)");
}

TEST_CASE("local answer: details are escaped for where they stand") {
  const Answer plain({.code = ErrorCode::kDenied, .details = "a \"b\" \\ \r\n\xc3\xa4"}, false);
  CHECK(plain.field("proxy-status") ==
        "woad; error=http_request_denied; details=\"a \\\"b\\\" \\\\ ????\"");
  const Answer grpc({.code = ErrorCode::kDenied, .details = "50% \r\n\xc3\xa4"}, true);
  CHECK(grpc.field("grpc-message") == "50%25 %0D%0A%C3%A4");
}

TEST_CASE("local answer: configured answers carry no error") {
  const Answer respond({.status = 503, .body = "off"}, false);
  CHECK(respond.head.status == 503);
  CHECK(respond.body == "off");
  CHECK(respond.field("x-woad-error") == "(none)");
  CHECK(respond.field("proxy-status") == "(none)");
  const Answer redirect({.status = 308, .location = "https://a/b"}, false);
  CHECK(redirect.field("location") == "https://a/b");
  CHECK(redirect.body.empty());
  CHECK(redirect.field("content-type") == "(none)");
  const Answer grpc({.status = 429, .body = "slow down"}, true);
  CHECK(grpc.field("grpc-status") == "14");
  CHECK(grpc.field("grpc-message") == "slow down");
  struct Case {
    int status;
    std::string_view grpc_status;
  };
  for (const Case& each : {Case{400, "13"}, Case{401, "16"}, Case{403, "7"}, Case{404, "12"},
                           Case{503, "14"}, Case{500, "2"}, Case{418, "2"}}) {
    const Answer fault({.code = ErrorCode::kFault, .status = each.status, .details = "x"}, true);
    CHECK(fault.field("grpc-status") == each.grpc_status);
  }
}

}  // namespace
