#include "proxy/filter/exchange_record.h"

#include <doctest/doctest.h>

#include <string_view>

namespace woad {
namespace {

// An exchange of which everything is known that the test does not change.
struct Known {
  Known() {
    request.method_name = "GET";
    request.authority = "price";
    request.path = "/a?b=1";
    info.request = &request;
    info.start = MonoTime(seconds(7));
    info.end = info.start + microseconds(1500);
    info.status = 200;
    info.service = "price";
    info.attempts = 1;
  }
  AccessRecord record() { return access_record_of(info, arena); }

  ArenaPool pool;
  Arena arena{pool};
  RequestHead request{arena};
  ExchangeInfo info;
};

TEST_CASE("exchange record: of a target only the path, of an authority only host and port") {
  const struct {
    const char* path;
    const char* authority;
    const char* want_path;
    const char* want_authority;
  } cases[] = {
      {"/a", "price:80", "/a", "price:80"},
      {"/a?token=1", "price", "/a", "price"},
      {"/a?", "price", "/a", "price"},
      {"/a#token=1", "price", "/a", "price"},
      {"/@a/b@c", "price", "/@a/b@c", "price"},
      {"*", "price", "*", "price"},
      {"", "", "", ""},
      {"ftp://me:pw@h/x?y", "me:pw@h:80", "[redacted]@h/x", "[redacted]@h:80"},
      {"me:pw@h:443", "me:pw@h:443", "[redacted]@h:443", "[redacted]@h:443"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.path);
    Known known;
    known.request.path = each.path;
    known.request.authority = each.authority;
    CHECK(known.record().path == each.want_path);
    CHECK(known.record().authority == each.want_authority);
  }
}

TEST_CASE("exchange record: plain values") {
  Known known;
  ExchangeInfo& info = known.info;
  info.direction = Direction::kInbound;
  info.start_wall = WallTime(seconds(1'800'000'000));
  info.color = "red";
  info.tenant = "acme";
  info.context_source = ContextSource::kHeader;
  info.route = "routes[0]";
  info.pool = "red@acme";
  info.pool_reason = PoolReason::kExact;
  info.upstream_host = "10.0.0.1:80";
  info.attempts = 2;
  info.client = *Address::parse("10.0.0.2:5");
  info.bytes_received = 3;
  info.bytes_sent = 4;
  const AccessRecord record = known.record();
  CHECK(record.start_time == info.start_wall);
  CHECK(record.direction == "inbound");
  CHECK(record.method == "GET");
  CHECK(record.path == "/a");
  CHECK_FALSE(record.query.has_value());
  CHECK(record.authority == "price");
  CHECK(record.protocol == "HTTP/1.1");
  CHECK(record.response_code == 200);
  CHECK(record.response_flags == "-");
  CHECK(record.duration == microseconds(1500));
  CHECK(record.bytes_received == 3);
  CHECK(record.bytes_sent == 4);
  CHECK(record.service == "price");
  CHECK(record.route == "routes[0]");
  CHECK(record.pool == "red@acme");
  CHECK(record.pool_reason == "exact");
  CHECK(record.color == "red");
  CHECK(record.tenant == "acme");
  CHECK(record.ctx_source == "header");
  CHECK(record.upstream_host == "10.0.0.1:80");
  CHECK(record.attempts == 2);
  CHECK(record.peer == "10.0.0.2:5");
  CHECK(record.error == "");
  CHECK(record.why == "");
}

TEST_CASE("exchange record: nothing is known of a request that never came whole") {
  ArenaPool pool;
  Arena arena(pool);
  const AccessRecord record = access_record_of(ExchangeInfo(), arena);
  CHECK(record.method == "");
  CHECK(record.color == "base");
  CHECK(record.pool_reason == "");
  CHECK(record.trace_id == "");
  CHECK(record.span_id == "");
  CHECK(record.request_id == "");
}

TEST_CASE("exchange record: ids are those of the trace, our span before the caller's") {
  const TraceId trace{0x0af7651916cd43dd, 0x8448eb211c80319c};
  const struct {
    const char* what;
    TraceId trace;
    SpanId parent;
    SpanId span;
    std::string_view trace_id;
    std::string_view span_id;
  } cases[] = {
      {"none", {}, {}, {}, "", ""},
      {"a trace alone", trace, {}, {}, "0af7651916cd43dd8448eb211c80319c", ""},
      {"the caller's span",
       trace,
       {0xb7ad6b7169203331},
       {},
       "0af7651916cd43dd8448eb211c80319c",
       "b7ad6b7169203331"},
      {"our span",
       trace,
       {0xb7ad6b7169203331},
       {1},
       "0af7651916cd43dd8448eb211c80319c",
       "0000000000000001"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.what);
    Known known;
    // What the head says is no longer asked.
    known.request.headers.add("traceparent",
                              "00-11111111111111111111111111111111-2222222222222222-01");
    known.request.headers.add("x-request-id", "of-the-head");
    known.info.trace.trace = each.trace;
    known.info.trace.parent = each.parent;
    known.info.trace.span = each.span;
    known.info.trace.request_id = "id-1";
    const AccessRecord record = known.record();
    CHECK(record.trace_id == each.trace_id);
    CHECK(record.span_id == each.span_id);
    CHECK(record.request_id == "id-1");
  }
}

TEST_CASE("exchange record: flags, error and why") {
  const struct {
    PoolReason reason;
    ErrorCode error;
    ClosedBy closed_by;
    std::string_view why;
    std::string_view flags;
    std::string_view code;
    std::string_view says;
  } cases[] = {
      {PoolReason::kBaseAbsent, ErrorCode::kNone, ClosedBy::kNobody, "", "-", "",
       "color blue has no pool in price, went to base"},
      {PoolReason::kBaseUnhealthy, ErrorCode::kNone, ClosedBy::kNobody, "", "-", "",
       "color blue has nobody to answer in price, went to base"},
      {PoolReason::kParent, ErrorCode::kNone, ClosedBy::kNobody, "", "-", "",
       "color blue has no pool in price, went to base"},
      {PoolReason::kBaseAbsent, ErrorCode::kTimeout, ClosedBy::kWoad, "no answer within 15s", "UT",
       "timeout", "no answer within 15s"},
      {PoolReason::kExact, ErrorCode::kNone, ClosedBy::kDownstream, "closed by downstream: reset",
       "DC", "", "closed by downstream: reset"},
      {PoolReason::kExact, ErrorCode::kUpstreamReset, ClosedBy::kUpstream, "reset", "UC",
       "upstream_reset", "reset"},
  };
  for (const auto& each : cases) {
    Known known;
    known.info.color = "blue";
    known.info.pool = "base";
    known.info.context_source = ContextSource::kHeader;
    known.info.pool_reason = each.reason;
    known.info.error = each.error;
    known.info.closed_by = each.closed_by;
    known.info.why = each.why;
    const AccessRecord record = known.record();
    CHECK(record.response_flags == each.flags);
    CHECK(record.error == each.code);
    CHECK(record.why == each.says);
  }
}

TEST_CASE("exchange record: why says where a context came from") {
  const struct {
    ContextSource source;
    std::string_view color;
    std::string_view tenant;
    std::string_view says;
  } cases[] = {
      {ContextSource::kNone, "", "", ""},
      {ContextSource::kHeader, "red", "acme", ""},
      {ContextSource::kBaggage, "red", "", "color red from baggage"},
      {ContextSource::kTracestate, "red", "", "color red from tracestate"},
      {ContextSource::kTable, "red", "acme", "color red from the inbound request with the same id"},
      {ContextSource::kTable, "", "acme", "tenant acme from the inbound request with the same id"},
      {ContextSource::kTable, "", "", "no color, from the inbound request with the same id"},
      {ContextSource::kInferred, "red", "", "color red from the inbound requests, which all agree"},
      {ContextSource::kDye, "red", "", "color red from a dye rule"},
      {ContextSource::kInstance, "red", "", "color red from the labels of this pod"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.says);
    Known known;
    known.info.color = each.color;
    known.info.tenant = each.tenant;
    known.info.context_source = each.source;
    CHECK(known.record().why == each.says);
  }
  Known fell;
  fell.info.color = "red";
  fell.info.context_source = ContextSource::kDye;
  fell.info.pool_reason = PoolReason::kBaseAbsent;
  fell.info.pool = "base";
  CHECK(fell.record().why == "color red (from a dye rule) has no pool in price, went to base");
  fell.info.why = "an error says more";
  CHECK(fell.record().why == "an error says more");
}

TEST_CASE("exchange record: what counts as an error") {
  const struct {
    int status;
    ErrorCode error;
    ClosedBy closed_by;
    bool is_error;
  } cases[] = {
      {200, ErrorCode::kNone, ClosedBy::kNobody, false},
      {404, ErrorCode::kNone, ClosedBy::kNobody, false},
      {500, ErrorCode::kNone, ClosedBy::kNobody, true},
      {429, ErrorCode::kRateLimited, ClosedBy::kNobody, true},
      {200, ErrorCode::kNone, ClosedBy::kDownstream, true},
      {0, ErrorCode::kNone, ClosedBy::kNobody, true},
  };
  for (const auto& each : cases) {
    CAPTURE(each.status);
    Known known;
    known.info.status = each.status;
    known.info.error = each.error;
    known.info.closed_by = each.closed_by;
    CHECK(is_error(known.info) == each.is_error);
  }
}

}  // namespace
}  // namespace woad
