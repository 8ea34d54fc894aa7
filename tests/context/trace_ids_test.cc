#include "proxy/context/trace_ids.h"

#include <doctest/doctest.h>

#include "tests/support/request_head.h"

using namespace woad;
using test::Fields;
using test::TestRequest;

namespace {

constexpr std::string_view kTrace = "0af7651916cd43dd8448eb211c80319c";
constexpr std::string_view kOther = "1af7651916cd43dd8448eb211c80319c";
const std::string k128(128, 'a');
const std::string kParent = "00-" + std::string(kTrace) + "-b7ad6b7169203331-01";

std::string hex(TraceId id) {
  if (!id.valid()) return "";
  char digits[kTraceIdDigits];
  return {digits, write_trace_id(digits, id)};
}

int64_t dropped(const WorkerMetrics& metrics, std::string_view carrier) {
  for (const auto& series : metrics.snapshot().series) {
    if (series.family == Family::kTraceDropped && series.labels[0] == carrier) return series.value;
  }
  return 0;
}

TEST_CASE("trace ids: what a request brings") {
  const std::string b3 = std::string(kOther) + "-00f067aa0ba902b7-1";
  struct Case {
    std::string_view what;
    Fields fields;
    std::string_view trace;  // "" = none
    bool decided;
    bool sampled;
    std::string_view request_id;
    std::string_view dropped;  // the carrier that was removed
    Fields left = {};
  };
  const Case cases[] = {
      {"nothing", {}, "", false, false, "", ""},
      {"traceparent", {{"traceparent", kParent}}, kTrace, true, true, "", ""},
      {"not sampled",
       {{"traceparent", "00-" + std::string(kTrace) + "-b7ad6b7169203331-00"}},
       kTrace,
       true,
       false,
       "",
       ""},
      {"broken takes tracestate with it",
       {{"traceparent", "00-xyz"}, {"tracestate", "a=b"}},
       "",
       false,
       false,
       "",
       "traceparent",
       {{"traceparent", "(none)"}, {"tracestate", "(none)"}}},
      {"two are broken",
       {{"traceparent", kParent}, {"traceparent", kParent}},
       "",
       false,
       false,
       "",
       "traceparent",
       {{"traceparent", "(none)"}}},
      {"broken tracestate goes alone",
       {{"traceparent", kParent}, {"tracestate", "a=b,a=c"}},
       kTrace,
       true,
       true,
       "",
       "tracestate",
       {{"traceparent", kParent}, {"tracestate", "(none)"}}},
      {"b3", {{"b3", b3}}, kOther, true, true, "", ""},
      {"traceparent before b3", {{"b3", b3}, {"traceparent", kParent}}, kTrace, true, true, "", ""},
      {"b3 in place of a broken traceparent",
       {{"traceparent", "junk"}, {"b3", b3}},
       kOther,
       true,
       true,
       "",
       "traceparent"},
      {"broken b3", {{"b3", "zz"}}, "", false, false, "", "b3", {{"b3", "(none)"}}},
      {"multi",
       {{"X-B3-TraceId", std::string(kTrace)}, {"X-B3-SpanId", "00f067aa0ba902b7"}},
       kTrace,
       false,
       false,
       "",
       ""},
      {"multi with nothing but the id",
       {{"x-b3-traceid", std::string(kTrace)}},
       kTrace,
       false,
       false,
       "",
       ""},
      {"broken multi",
       {{"x-b3-traceid", "zz"}, {"x-b3-spanid", "00f067aa0ba902b7"}},
       "",
       false,
       false,
       "",
       "x-b3",
       {{"x-b3-traceid", "(none)"}, {"x-b3-spanid", "(none)"}}},
      {"request id", {{"x-request-id", "abc 1"}}, "", false, false, "abc 1", ""},
      {"request id too long",
       {{"x-request-id", std::string(129, 'a')}},
       "",
       false,
       false,
       "",
       "x-request-id",
       {{"x-request-id", "(none)"}}},
      {"request id as long as may be",
       {{"x-request-id", std::string(128, 'a')}},
       "",
       false,
       false,
       std::string_view(k128),
       ""},
      {"an empty request id", {{"x-request-id", ""}}, "", false, false, "", "x-request-id"},
      {"several request ids",
       {{"x-request-id", "one"}, {"X-Request-Id", "two"}},
       "",
       false,
       false,
       "one",
       "x-request-id",
       {{"x-request-id", "one"}}},
      {"a good request id behind bad ones",
       {{"x-request-id", ""},
        {"x-request-id", std::string(129, 'a')},
        {"x-request-id", "\xc3\xa9"},
        {"x-request-id", "good"},
        {"x-request-id", "later"}},
       "",
       false,
       false,
       "good",
       "x-request-id",
       {{"x-request-id", "good"}}},
      {"several request ids, all bad",
       {{"x-request-id", ""}, {"x-request-id", std::string(129, 'a')}},
       "",
       false,
       false,
       "",
       "x-request-id",
       {{"x-request-id", "(none)"}}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    TestRequest request("GET", "/", "price", each.fields);
    TraceInfo trace;
    WorkerMetrics metrics;
    read_trace(request.head, trace, metrics);
    CHECK(hex(trace.trace) == each.trace);
    CHECK(trace.decided == each.decided);
    CHECK(trace.sampled == each.sampled);
    CHECK(trace.request_id == each.request_id);
    for (const std::string_view carrier :
         {"traceparent", "tracestate", "b3", "x-b3", "x-request-id"}) {
      CAPTURE(carrier);
      CHECK(dropped(metrics, carrier) == (carrier == each.dropped ? 1 : 0));
    }
    for (const auto& [name, value] : each.left) CHECK(request.field(name) == value);
    size_t ids = 0;
    for (const Header& field : request.head.headers) ids += field.id == HeaderId::kRequestId;
    CHECK(ids == (each.request_id.empty() ? 0 : 1));
  }
}

TEST_CASE("trace ids: what is missing is made, what is there stays") {
  Random random(1);
  SUBCASE("everything is missing") {
    TestRequest request;
    TraceInfo trace;
    complete_trace(request.head, trace, random);
    CHECK(trace.trace.valid());
    CHECK(trace.parent.valid());
    CHECK(request.field("x-request-id") == trace.request_id);
    CHECK(request.field("x-request-id").size() == 36);
    CHECK(request.field("traceparent").substr(3, 32) == hex(trace.trace));
    CHECK(request.field("traceparent").ends_with("-00"));
  }
  SUBCASE("everything is there") {
    TestRequest request("GET", "/", "price", {{"traceparent", kParent}, {"x-request-id", "r1"}});
    TraceInfo trace;
    WorkerMetrics metrics;
    read_trace(request.head, trace, metrics);
    complete_trace(request.head, trace, random);
    CHECK(request.head.headers.size() == 2);
    CHECK(request.field("traceparent") == kParent);
    CHECK(request.field("x-request-id") == "r1");
  }
  SUBCASE("b3 alone gets a traceparent of the same trace") {
    TestRequest request("GET", "/", "price", {{"b3", std::string(kOther) + "-00f067aa0ba902b7-1"}});
    TraceInfo trace;
    WorkerMetrics metrics;
    read_trace(request.head, trace, metrics);
    complete_trace(request.head, trace, random);
    CHECK(request.field("traceparent") == "00-" + std::string(kOther) + "-00f067aa0ba902b7-01");
  }
}

}  // namespace
