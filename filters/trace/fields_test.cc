#include "filters/trace/fields.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace woad {
namespace {

constexpr TraceId kTrace{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736};
constexpr SpanPlace kPlace{{0xaaaaaaaaaaaaaaaa}, {0xbbbbbbbbbbbbbbbb}};
#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define OURS "aaaaaaaaaaaaaaaa"
#define PARENT "bbbbbbbbbbbbbbbb"

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

// The fields as "name: value;", in their order.
std::string written(const Fields& fields, const SpanPlace& place = kPlace) {
  ArenaPool pool;
  Arena arena(pool);
  Headers headers(arena);
  for (const auto& [name, value] : fields) headers.add(name, value);
  set_trace_fields(headers, kTrace, place);
  std::string all;
  for (const Header& field : headers) {
    all += std::string(field.name) + ": " + std::string(field.value) + ";";
  }
  return all;
}

TEST_CASE("trace fields: traceparent names the span") {
  const std::string expected = "traceparent: 00-" TRACE "-" OURS "-01;";
  CHECK(written({}) == expected);
  CHECK(written({{"traceparent", "00-" TRACE "-" SPAN "-01"}}) == expected);
  CHECK(written({{"traceparent", "00-" TRACE "-" SPAN "-00"}}) == expected);
  CHECK(written({{"traceparent", "cc-" TRACE "-" SPAN "-ff-more"}}) == "traceparent: 00-" TRACE
                                                                       "-" OURS "-03;");
  // The bit that says that an id is random goes on with that id alone.
  CHECK(written({{"traceparent", "00-" TRACE "-" SPAN "-03"}}) == "traceparent: 00-" TRACE "-" OURS
                                                                  "-03;");
  CHECK(written({{"traceparent", "00-00000000000000000000000000000001-" SPAN "-03"}}) == expected);
}

TEST_CASE("trace fields: b3 goes on as it came") {
  struct Row {
    std::string_view what;
    std::string_view b3;
    std::string_view expected;  // "": as it was
  };
  const Row rows[] = {
      {"sampled", TRACE "-" SPAN "-1", TRACE "-" OURS "-1-" PARENT},
      {"deferred", TRACE "-" SPAN, TRACE "-" OURS "-1-" PARENT},
      {"not sampled, though traceparent is", TRACE "-" SPAN "-0", TRACE "-" OURS "-1-" PARENT},
      {"debug", TRACE "-" SPAN "-d", TRACE "-" OURS "-d-" PARENT},
      {"with a parent", TRACE "-" SPAN "-1-0000000000000007", TRACE "-" OURS "-1-" PARENT},
      {"64 bits", "a3ce929d0e0e4736-" SPAN "-1", "a3ce929d0e0e4736-" OURS "-1-" PARENT},
      {"a decision alone", "1", TRACE "-" OURS "-1-" PARENT},
      {"debug alone", "d", TRACE "-" OURS "-d-" PARENT},
      {"another trace", "00000000000000010000000000000002-" SPAN "-1", ""},
      {"another trace of 64 bits", "0000000000000002-" SPAN "-1", ""},
      {"the same lower half, but 128 bits", "0000000000000001a3ce929d0e0e4736-" SPAN "-1", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const std::string_view expected = row.expected.empty() ? row.b3 : row.expected;
    CHECK(written({{"b3", row.b3}}) ==
          "b3: " + std::string(expected) + ";traceparent: 00-" TRACE "-" OURS "-01;");
  }
  CHECK(written({{"b3", TRACE "-" SPAN "-1"}}, {kPlace.span, {}}) ==
        "b3: " TRACE "-" OURS "-1;traceparent: 00-" TRACE "-" OURS "-01;");
}

TEST_CASE("trace fields: b3 in several fields") {
  const std::string parent = "traceparent: 00-" TRACE "-" OURS "-01;";
  struct Row {
    std::string_view what;
    Fields fields;
    std::string expected;
  };
  const Row rows[] = {
      {"sampled",
       {{"X-B3-TraceId", TRACE}, {"X-B3-SpanId", SPAN}, {"X-B3-Sampled", "1"}},
       "x-b3-traceid: " TRACE ";x-b3-spanid: " OURS ";x-b3-sampled: 1;" + parent +
           "x-b3-parentspanid: " PARENT ";"},
      {"with a parent, deferred",
       {{"x-b3-traceid", TRACE}, {"x-b3-spanid", SPAN}, {"x-b3-parentspanid", "0000000000000007"}},
       "x-b3-traceid: " TRACE ";x-b3-spanid: " OURS ";x-b3-parentspanid: " PARENT ";" + parent +
           "x-b3-sampled: 1;"},
      {"debug is said by flags alone",
       {{"x-b3-traceid", TRACE}, {"x-b3-spanid", SPAN}, {"x-b3-sampled", "1"}, {"x-b3-flags", "1"}},
       "x-b3-traceid: " TRACE ";x-b3-spanid: " OURS ";x-b3-flags: 1;" + parent +
           "x-b3-parentspanid: " PARENT ";"},
      {"a decision alone",
       {{"x-b3-sampled", "1"}},
       "x-b3-sampled: 1;" + parent +
           "x-b3-traceid: " TRACE ";x-b3-spanid: " OURS ";x-b3-parentspanid: " PARENT ";"},
      {"another trace",
       {{"x-b3-traceid", "0000000000000002"}, {"x-b3-spanid", SPAN}},
       "x-b3-traceid: 0000000000000002;x-b3-spanid: " SPAN ";" + parent},
      {"an id alone", {{"x-b3-traceid", TRACE}}, "x-b3-traceid: " TRACE ";" + parent},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(written(row.fields) == row.expected);
  }
}

TEST_CASE("trace fields: traceparent of a request that is not recorded here") {
  ArenaPool pool;
  Arena arena(pool);
  Headers headers(arena);
  set_traceparent(headers, kTrace, kPlace.span, false);
  CHECK(headers.find("traceparent")->value == "00-" TRACE "-" OURS "-00");
  set_traceparent(headers, kTrace, kPlace.parent, true);
  CHECK(headers.find("traceparent")->value == "00-" TRACE "-" PARENT "-01");
  CHECK(headers.size() == 1);
}

}  // namespace
}  // namespace woad
