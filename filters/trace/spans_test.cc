#include "filters/trace/spans.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace woad {
namespace {

using Attributes = std::map<std::string, std::string>;

Attributes attributes_of(const Span& span) {
  Attributes all;
  span.for_each([&](SpanKey key, auto value) {
    if constexpr (std::is_same_v<decltype(value), uint64_t>) {
      all[std::string(to_string(key))] = std::to_string(value);
    } else {
      all[std::string(to_string(key))] = value;
    }
  });
  return all;
}

std::string attribute(const Span& span, const std::string& key) {
  const Attributes all = attributes_of(span);
  return all.contains(key) ? all.at(key) : "(none)";
}

// An exchange that ended after 12 ms.
struct Ended {
  explicit Ended(Direction direction) {
    info.direction = direction;
    info.request = &head;
    info.trace.trace = {1, 2};
    info.start_wall = WallTime(seconds(1'800'000'000));
    info.start = MonoTime(hours(5));
    info.end = info.start + milliseconds(12);
    info.service = "price";
    info.why = "the sentence";
    info.status = 200;
    head.method_name = "GET";
    head.authority = "price.shop:8080";
    head.path = "/a/b?secret=1";
  }
  const Span& exchange() {
    span.reset();
    describe_exchange(span, info, {{3}, {4}});
    return span;
  }

  ArenaPool arenas;
  Arena arena{arenas};
  RequestHead head{arena};
  ExchangeInfo info;
  Span span;
};

TEST_CASE("spans: everything that is known of an exchange") {
  Ended ended(Direction::kInbound);
  ended.info.client = *Address::parse("[2001:db8::9]:4711");
  ended.info.route = "routes[0]";
  ended.info.attempts = 1;
  ended.info.pool = "red";
  ended.info.pool_reason = PoolReason::kExact;
  ended.info.color = "red";
  ended.info.tenant = "acme";
  ended.info.context_source = ContextSource::kHeader;
  ended.info.upstream_host = "127.0.0.1:8080";
  ended.info.trace.request_id = "id-1";
  const Span& span = ended.exchange();
  CHECK(span.trace == TraceId{1, 2});
  CHECK(span.id == SpanId{3});
  CHECK(span.parent == SpanId{4});
  CHECK(span.kind == SpanKind::kServer);
  CHECK(span.start_ns == 1'800'000'000'000'000'000);
  CHECK(span.end_ns == span.start_ns + 12'000'000);
  CHECK(span.name() == "GET");
  const Attributes expected = {
      {"http.response.status_code", "200"},
      {"http.request.method", "GET"},
      {"server.address", "price.shop"},
      {"server.port", "8080"},
      {"url.scheme", "http"},
      {"url.path", "/a/b"},
      {"network.protocol.version", "1.1"},
      {"client.address", "2001:db8::9"},
      {"woad.direction", "inbound"},
      {"woad.service", "price"},
      {"woad.route", "routes[0]"},
      {"woad.pool", "red"},
      {"woad.pool_reason", "exact"},
      {"woad.color", "red"},
      {"woad.tenant", "acme"},
      {"woad.ctx_source", "header"},
      {"woad.request_id", "id-1"},
      {"woad.upstream_host", "127.0.0.1:8080"},
  };
  CHECK(attributes_of(span) == expected);
}

TEST_CASE("spans: how an exchange ended") {
  struct Row {
    std::string_view what;
    Direction direction;
    int status;
    ErrorCode error;
    ClosedBy closed_by;
    std::string_view type;
    SpanStatus expected;
  };
  const Row rows[] = {
      {"good", Direction::kInbound, 200, ErrorCode::kNone, ClosedBy::kNobody, "(none)",
       SpanStatus::kUnset},
      {"the app's 404", Direction::kInbound, 404, ErrorCode::kNone, ClosedBy::kNobody, "(none)",
       SpanStatus::kUnset},
      {"the app's 500", Direction::kInbound, 500, ErrorCode::kNone, ClosedBy::kNobody, "500",
       SpanStatus::kError},
      {"a callee's 404", Direction::kOutbound, 404, ErrorCode::kNone, ClosedBy::kNobody, "404",
       SpanStatus::kError},
      {"denied", Direction::kInbound, 403, ErrorCode::kDenied, ClosedBy::kNobody, "denied",
       SpanStatus::kUnset},
      {"limited", Direction::kOutbound, 429, ErrorCode::kRateLimited, ClosedBy::kNobody,
       "rate_limited", SpanStatus::kError},
      {"timeout", Direction::kInbound, 504, ErrorCode::kTimeout, ClosedBy::kWoad, "timeout",
       SpanStatus::kError},
      {"the client left", Direction::kInbound, 0, ErrorCode::kNone, ClosedBy::kDownstream,
       "cancelled", SpanStatus::kError},
      {"the client left within the answer", Direction::kInbound, 200, ErrorCode::kNone,
       ClosedBy::kDownstream, "cancelled", SpanStatus::kError},
      {"cut within the body", Direction::kInbound, 200, ErrorCode::kUpstreamReset,
       ClosedBy::kUpstream, "upstream_reset", SpanStatus::kError},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Ended ended(row.direction);
    ended.info.status = row.status;
    ended.info.error = row.error;
    ended.info.closed_by = row.closed_by;
    const Span& span = ended.exchange();
    CHECK(attribute(span, "error.type") == row.type);
    CHECK(attribute(span, "http.response.status_code") ==
          (row.status == 0 ? "(none)" : std::to_string(row.status)));
    CHECK(span.status == row.expected);
    CHECK(span.message() == (row.expected == SpanStatus::kError ? "the sentence" : ""));
    CHECK(attribute(span, "woad.pool") == "(none)");
    CHECK(attribute(span, "woad.pool_reason") == "(none)");
    CHECK(attribute(span, "woad.color") == "base");
  }
}

TEST_CASE("spans: names, methods, hosts") {
  struct Row {
    Direction direction;
    std::string_view method;
    std::string_view service;
    std::string_view authority;
    std::string_view name;
    std::string_view address;
    std::string_view port;
  };
  const Row rows[] = {
      {Direction::kInbound, "POST", "cart", "cart", "POST", "cart", "(none)"},
      {Direction::kOutbound, "POST", "price", "price:80", "POST price", "price", "80"},
      {Direction::kOutbound, "GET", "", "10.0.0.1:81", "GET", "10.0.0.1", "81"},
      {Direction::kOutbound, "PROPFIND", "price", "[::1]:82", "HTTP price", "::1", "82"},
      {Direction::kInbound, "PROPFIND", "cart", "[2001:db8::1]", "HTTP", "2001:db8::1", "(none)"},
      {Direction::kInbound, "GET", "cart", "", "GET", "(none)", "(none)"},
      {Direction::kInbound, "GET", "cart", "cart:what", "GET", "cart", "(none)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.authority);
    Ended ended(row.direction);
    ended.head.method_name = row.method;
    ended.head.method = method_of(row.method);
    ended.head.authority = row.authority;
    ended.info.service = row.service;
    const Span& span = ended.exchange();
    const bool known = row.method != "PROPFIND";
    CHECK(span.name() == row.name);
    CHECK(attribute(span, "http.request.method") == (known ? row.method : "_OTHER"));
    CHECK(attribute(span, "http.request.method_original") == (known ? "(none)" : row.method));
    CHECK(attribute(span, "server.address") == row.address);
    CHECK(attribute(span, "server.port") == row.port);
  }
}

TEST_CASE("spans: protocols") {
  Ended ended(Direction::kInbound);
  ended.head.protocol = Protocol::kHttp2;
  ended.head.scheme = "https";
  CHECK(attribute(ended.exchange(), "network.protocol.version") == "2");
  CHECK(attribute(ended.exchange(), "url.scheme") == "https");
  ended.head.protocol = Protocol::kHttp10;
  CHECK(attribute(ended.exchange(), "network.protocol.version") == "1.0");
}

TEST_CASE("spans: a try") {
  Ended ended(Direction::kOutbound);
  ended.info.attempts = 2;
  ended.info.pool = "base";
  ended.info.upstream_host = "[::1]:81";
  TriedSpan tried{.id = {7}, .number = 2, .status = 404};
  tried.start = ended.info.start_wall + milliseconds(1);
  tried.end = ended.info.start_wall + milliseconds(3);
  const auto describe = [&]() -> const Span& {
    ended.span.reset();
    describe_try(ended.span, ended.info, tried, {3});
    return ended.span;
  };
  const Span& span = describe();
  CHECK(span.id == SpanId{7});
  CHECK(span.parent == SpanId{3});
  CHECK(span.kind == SpanKind::kClient);
  CHECK(span.name() == "GET price (try 2)");
  CHECK(span.end_ns - span.start_ns == 2'000'000);
  CHECK(span.status == SpanStatus::kError);
  CHECK(attribute(span, "error.type") == "404");
  CHECK(attribute(span, "server.address") == "::1");
  CHECK(attribute(span, "server.port") == "81");
  CHECK(attribute(span, "woad.attempt") == "2");
  CHECK(attribute(span, "http.request.resend_count") == "1");
  CHECK(attribute(span, "woad.pool") == "base");
  tried = {.id = {7}, .number = 1, .status = 200};
  CHECK(describe().status == SpanStatus::kUnset);
  CHECK(attribute(span, "http.request.resend_count") == "(none)");
  CHECK(attribute(span, "error.type") == "(none)");
  tried = {.id = {7}, .number = 1, .error = ErrorCode::kConnectFailed};
  CHECK(attribute(describe(), "error.type") == "connect_failed");
  tried = {.id = {7}, .number = 1};
  CHECK(attribute(describe(), "error.type") == "cancelled");
}

TEST_CASE("spans: long texts leave room for the others") {
  Ended ended(Direction::kOutbound);
  const std::string service(300, 's');
  const std::string path = "/" + std::string(4000, 'p');
  ended.info.service = service;
  ended.head.path = path;
  ended.info.error = ErrorCode::kNoRoute;
  ended.info.trace.request_id = "id-1";
  const Span& span = ended.exchange();
  CHECK(span.name().starts_with("GET sss"));
  CHECK(span.name().size() <= 96);
  CHECK(attribute(span, "woad.request_id") == "id-1");
  CHECK(attribute(span, "error.type") == "no_route");
  CHECK(path.starts_with(attribute(span, "url.path")));
  ended.span.reset();
  describe_try(ended.span, ended.info, {.id = {7}, .number = 4'294'967'295}, {3});
  CHECK(ended.span.name() == "GET " + std::string(64, 's') + " (try 4294967295)");
}

}  // namespace
}  // namespace woad
