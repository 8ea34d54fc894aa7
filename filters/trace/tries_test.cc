#include "tests/filters/support/trace_bench.h"

namespace woad {
namespace {

using namespace test_trace;

TEST_CASE("trace: outbound is a client span with one below it for each try") {
  Bench bench(Direction::kOutbound, {{"traceparent", SAMPLED}});
  bench.request();
  const SpanId exchange = bench.info.trace.span;
  CHECK(bench.parent().parent == exchange);
  bench.attempt(1, "10.0.0.1:80");
  const SpanId first = bench.parent().parent;
  bench.pass(milliseconds(5));
  bench.outcome(Outcome::Kind::kConnectFailed);
  bench.pass(milliseconds(25));
  bench.attempt(2, "[::1]:81");
  const SpanId second = bench.parent().parent;
  bench.pass(milliseconds(3));
  bench.outcome(Outcome::Kind::kAccepted, 404);
  bench.pass(milliseconds(4));
  bench.end(404);
  CHECK(bench.parent().trace == kTrace);
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 3);
  CHECK(spans[0].id == first);
  CHECK(spans[1].id == second);
  CHECK(spans[2].id == exchange);
  CHECK_FALSE(first == second);
  CHECK(spans[0].parent == exchange);
  CHECK(spans[1].parent == exchange);
  CHECK(spans[2].parent == kCaller);
  for (const Seen& span : spans) {
    CHECK(span.trace == kTrace);
    CHECK(span.kind == SpanKind::kClient);
    CHECK(span.status == SpanStatus::kError);
  }
  CHECK(spans[0].length == milliseconds(5));
  CHECK(spans[0]["error.type"] == "connect_failed");
  CHECK(spans[0]["server.address"] == "10.0.0.1");
  CHECK(spans[0]["woad.attempt"] == "1");
  CHECK(spans[1].length == milliseconds(7));
  CHECK(spans[1]["error.type"] == "404");
  CHECK(spans[1]["server.address"] == "::1");
  CHECK(spans[1]["woad.attempt"] == "2");
  CHECK(spans[2].length == milliseconds(37));
  CHECK(spans[2]["error.type"] == "404");
}

TEST_CASE("trace: a try that was accepted and tried again all the same") {
  Bench bench(Direction::kOutbound, {{"traceparent", SAMPLED}});
  bench.request();
  bench.attempt(1, "10.0.0.1:80");
  bench.pass(milliseconds(1));
  bench.outcome(Outcome::Kind::kAccepted, 503);
  bench.pass(milliseconds(50));
  bench.attempt(2, "10.0.0.2:80");
  bench.outcome(Outcome::Kind::kAccepted, 200);
  bench.end(200);
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 3);
  CHECK(spans[0].length == milliseconds(1));
  CHECK(spans[0]["error.type"] == "503");
  CHECK(spans[0]["server.address"] == "10.0.0.1");
  CHECK(spans[1].status == SpanStatus::kUnset);
  CHECK(spans[1]["error.type"] == "(none)");
  CHECK(spans[2].status == SpanStatus::kUnset);
}

TEST_CASE("trace: b3 names each try") {
  Bench bench(Direction::kOutbound, {{"b3", B3_IDS "-1"}});
  bench.request();
  bench.attempt(1, "10.0.0.1:80");
  char span[kSpanIdDigits];
  write_span_id(span, bench.parent().parent);
  char exchange[kSpanIdDigits];
  write_span_id(exchange, bench.info.trace.span);
  CHECK(bench.field("b3") == std::string(kTraceText) + "-" + std::string(span, sizeof span) +
                                 "-1-" + std::string(exchange, sizeof exchange));
}

TEST_CASE("trace: how a try ended that nobody waited for, and one that never was") {
  const auto tries = [](auto&& drive) {
    Bench bench(Direction::kOutbound, {{"traceparent", SAMPLED}});
    bench.request();
    drive(bench);
    std::string types;
    auto spans = bench.spans();
    spans.pop_back();  // of the exchange
    for (const Seen& span : spans) types += span["error.type"] + " ";
    return types;
  };
  CHECK(tries([](Bench& bench) {
          bench.attempt(1, "10.0.0.1:80");
          bench.outcome(Outcome::Kind::kCancelled, 0, ErrorCode::kTimeout);
          bench.end(504, ErrorCode::kTimeout);
        }) == "timeout ");
  CHECK(tries([](Bench& bench) {
          bench.attempt(1, "10.0.0.1:80");
          bench.outcome(Outcome::Kind::kCancelled);
          bench.info.closed_by = ClosedBy::kDownstream;
          bench.end(0);
        }) == "cancelled ");
  CHECK(tries([](Bench& bench) {  // no endpoint
          bench.attempt(1, "");
          bench.outcome(Outcome::Kind::kNotMade, 0, ErrorCode::kNoEndpoint);
          bench.end(503, ErrorCode::kNoEndpoint);
        }) == "");
  CHECK(tries([](Bench& bench) {  // a breaker refuses the second
          bench.attempt(1, "10.0.0.1:80");
          bench.outcome(Outcome::Kind::kReset);
          bench.attempt(2, "10.0.0.1:80");
          bench.outcome(Outcome::Kind::kNotMade, 0, ErrorCode::kCircuitOpen);
          bench.end(503, ErrorCode::kCircuitOpen);
        }) == "upstream_reset ");
  CHECK(tries([](Bench& bench) {  // cut while the answer was passed on
          bench.attempt(1, "10.0.0.1:80");
          bench.outcome(Outcome::Kind::kAccepted, 200);
          bench.end(200, ErrorCode::kUpstreamReset);
        }) == "upstream_reset ");
  for (const auto& [kind, type] : std::initializer_list<std::pair<Outcome::Kind, std::string>>{
           {Outcome::Kind::kConnectFailed, "connect_failed "},
           {Outcome::Kind::kRefused, "upstream_reset "},
           {Outcome::Kind::kReset, "upstream_reset "},
           {Outcome::Kind::kBadResponse, "bad_upstream_response "},
           {Outcome::Kind::kPerTryTimeout, "timeout "}}) {
    CHECK(tries([kind = kind](Bench& bench) {
            bench.attempt(1, "10.0.0.1:80");
            bench.outcome(kind);
            bench.end(502, ErrorCode::kUpstreamReset);
          }) == type);
  }
}

}  // namespace
}  // namespace woad
