#include "filters/trace/spans.h"

#include <algorithm>
#include <array>

#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"
#include "proxy/http/authority.h"

namespace woad {
namespace {

// error.type of what nobody waited for any more.
constexpr std::string_view kCancelled = "cancelled";

// In the name of a span; methods that stand in one have seven letters at most.
constexpr size_t kLongestService = 64;

uint64_t unix_nanoseconds(WallTime time) {
  return static_cast<uint64_t>(std::max<int64_t>(time.time_since_epoch().count(), 0));
}

// "name:80", "[::1]:80" and the like taken apart; either part may be "".
Authority without_brackets(std::string_view text) {
  Authority address = split_authority(text);
  if (address.host.starts_with('[')) address.host = address.host.substr(1, address.host.size() - 2);
  return address;
}

void add_server(Span& span, std::string_view address) {
  const Authority server = without_brackets(address);
  span.add(SpanKey::kServerAddress, server.host);
  if (const auto port = parse_decimal(server.port)) span.add(SpanKey::kServerPort, *port);
}

void add_method(Span& span, const RequestHead& head) {
  if (head.method != Method::kOther) {
    span.add(SpanKey::kMethod, head.method_name);
    return;
  }
  span.add(SpanKey::kMethod, "_OTHER");
  span.add(SpanKey::kMethodOriginal, head.method_name);
}

// "GET price (try 2)". Few different ones: never a path. The service of an outbound request tells
// more than its method. `number`: of the try; 0: the whole exchange.
void set_name(Span& span, const ExchangeInfo& info, uint32_t number) {
  const RequestHead& head = *info.request;
  const std::string_view method =
      head.method == Method::kOther ? std::string_view("HTTP") : head.method_name;
  const bool outbound = info.direction == Direction::kOutbound;
  std::array<char, 128> name;
  size_t size = 0;
  const auto add = [&](std::string_view text) {
    size += text.copy(name.data() + size, name.size() - size);
  };
  add(method);
  if (outbound && !info.service.empty()) {
    add(" ");
    add(info.service.substr(0, kLongestService));
  }
  if (number > 0) {
    add(" (try ");
    size += write_decimal(name.data() + size, number);
    add(")");
  }
  span.set_name({name.data(), size});
}

std::string_view protocol_version(Protocol protocol) {
  switch (protocol) {
    case Protocol::kHttp10: return "1.0";
    case Protocol::kHttp11: return "1.1";
    case Protocol::kHttp2: return "2";
    case Protocol::kTcp: return {};
  }
  return {};
}

// Status, error.type and the span's own status. `code` is ours, `status` from where the answer
// came.
void add_end(Span& span, int status, std::string_view code, std::string_view why) {
  if (status > 0) span.add(SpanKey::kStatusCode, static_cast<uint64_t>(status));
  std::array<char, 20> digits;
  const bool bad_status = status >= (span.kind == SpanKind::kServer ? 500 : 400);
  if (code.empty() && bad_status) {
    code = {digits.data(), write_decimal(digits.data(), static_cast<uint64_t>(status))};
  }
  span.add(SpanKey::kErrorType, code);
  // A server has not failed when it rightly refuses a request.
  const bool refusal = span.kind == SpanKind::kServer && status >= 400 && status < 500;
  if (code.empty() || refusal) return;
  span.status = SpanStatus::kError;
  span.set_message(why);
}

// What exchange and try have in common.
void add_routing(Span& span, const ExchangeInfo& info) {
  span.add(SpanKey::kDirection, to_string(info.direction));
  span.add(SpanKey::kService, info.service);
  span.add(SpanKey::kRoute, info.route);
  if (info.attempts > 0) {
    span.add(SpanKey::kPool, info.pool);
    span.add(SpanKey::kPoolReason, to_string(info.pool_reason));
  }
  span.add(SpanKey::kColor, info.color.empty() ? kBaseColor : info.color);
  span.add(SpanKey::kTenant, info.tenant);
}

}  // namespace

void describe_exchange(Span& span, const ExchangeInfo& info, const SpanPlace& place) {
  const RequestHead& head = *info.request;
  const bool inbound = info.direction == Direction::kInbound;
  span.trace = info.trace.trace;
  span.id = place.span;
  span.parent = place.parent;
  span.kind = inbound ? SpanKind::kServer : SpanKind::kClient;
  span.start_ns = unix_nanoseconds(info.start_wall);
  span.end_ns = unix_nanoseconds(info.start_wall + (info.end - info.start));
  set_name(span, info, 0);
  const bool cut_short = info.error == ErrorCode::kNone && info.closed_by != ClosedBy::kNobody;
  add_end(span, info.status, cut_short ? kCancelled : error_info(info.error).code, info.why);
  add_method(span, head);
  add_server(span, head.authority);
  span.add(SpanKey::kScheme, head.scheme.empty() ? std::string_view("http") : head.scheme);
  span.add(SpanKey::kProtocol, protocol_version(head.protocol));
  if (inbound) span.add(SpanKey::kClientAddress, info.client.host());
  add_routing(span, info);
  span.add(SpanKey::kContextSource, to_string(info.context_source));
  span.add(SpanKey::kUpstreamHost, info.upstream_host);
  span.add(SpanKey::kRequestId, info.trace.request_id);
  span.add(SpanKey::kPath, head.path_only());
}

void describe_try(Span& span, const ExchangeInfo& info, const TriedSpan& tried, SpanId parent) {
  span.trace = info.trace.trace;
  span.id = tried.id;
  span.parent = parent;
  span.kind = SpanKind::kClient;
  span.start_ns = unix_nanoseconds(tried.start);
  span.end_ns = unix_nanoseconds(tried.end);
  set_name(span, info, tried.number);
  const bool given_up = tried.status == 0 && tried.error == ErrorCode::kNone;
  add_end(span, tried.status, given_up ? kCancelled : error_info(tried.error).code, {});
  add_method(span, *info.request);
  add_server(span, info.upstream_host);
  add_routing(span, info);
  span.add(SpanKey::kAttempt, tried.number);
  if (tried.number > 1) span.add(SpanKey::kResendCount, tried.number - 1);
  span.add(SpanKey::kRequestId, info.trace.request_id);
  span.add(SpanKey::kPath, info.request->path_only());
}

}  // namespace woad
