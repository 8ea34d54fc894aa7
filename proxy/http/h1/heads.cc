#include "proxy/http/h1/heads.h"

#include <algorithm>
#include <cstring>

#include "proxy/base/strings.h"
#include "proxy/http/authority.h"
#include "proxy/http/h1/fields.h"

namespace woad::h1 {
namespace {

void set_method(RequestHead& head, std::string_view name) {
  head.method_name = name;
  head.method = method_of(name);
}

// The length of "http://" or "https://" at the front; the scheme goes to the head.
size_t take_scheme(std::string_view target, RequestHead& head) {
  for (const std::string_view scheme : {std::string_view("http"), std::string_view("https")}) {
    if (starts_with_ignore_case(target, scheme) && target.substr(scheme.size(), 3) == "://") {
      head.scheme = scheme;
      return scheme.size() + 3;
    }
  }
  return 0;
}

// RFC 9112 section 3.2. Forms that are none are left in `path`, where the validator refuses them.
void set_target(RequestHead& head, std::string_view target) {
  head.path = target;
  if (target.empty() || target[0] == '/') return;
  if (head.method == Method::kConnect) {
    head.authority = target;
    head.path = {};
    return;
  }
  const size_t scheme = take_scheme(target, head);
  if (scheme == 0) return;
  target.remove_prefix(scheme);
  const size_t end = std::min(target.find('/'), target.find('?'));
  head.authority = target.substr(0, end);
  if (end == std::string_view::npos) {
    head.path = head.method == Method::kOptions ? "*" : "/";
  } else if (target[end] == '?') {
    head.path = head.headers.arena().join("/", target.substr(end));
  } else {
    head.path = target.substr(end);
  }
}

// RFC 9112 section 3.2: exactly one valid Host in HTTP/1.1, at most one in HTTP/1.0. The authority
// of an absolute target rules over it (section 3.2.2), and so does a CONNECT's: clients name the
// proxy in its Host.
std::optional<Refusal> set_host(RequestHead& head, const Fields& fields) {
  const auto bad = [](std::string_view why) {
    return refuse(Hostile::kHost, ErrorCode::kBadRequest, 400, why);
  };
  if (fields.hosts > 1) return bad("the request has two Host fields");
  if (fields.hosts == 0) {
    if (head.protocol == Protocol::kHttp10) return std::nullopt;
    return bad("the request has no Host field");
  }
  if (!head.scheme.empty() || head.method == Method::kConnect) {
    if (head.authority.empty()) return bad("the request target names no host");
    if (!is_valid_authority(fields.host)) return bad("the host is not valid");
    return std::nullopt;
  }
  head.authority = fields.host;
  return std::nullopt;
}

// Not those that would take the connection away from HTTP/1 rules that the proxy relies on.
bool may_upgrade_to(std::string_view protocol) {
  const std::string_view name = protocol.substr(0, protocol.find('/'));
  return !equals_ignore_case(name, "h2c") && !equals_ignore_case(name, "h2") &&
         !equals_ignore_case(name, "http") && !equals_ignore_case(name, "tls");
}

// A client lists what it would take (RFC 9110 section 7.8): the rest of that is asked for.
std::string_view passable_upgrades(std::string_view list, Arena& arena) {
  auto* const text = static_cast<char*>(arena.allocate(list.size(), 1));
  size_t size = 0;
  for_each_list_item(list, [&](std::string_view protocol) {
    if (!may_upgrade_to(protocol)) return true;
    if (size > 0) text[size++] = ',';
    std::memcpy(text + size, protocol.data(), protocol.size());
    size += protocol.size();
    return true;
  });
  return {text, size};
}

std::optional<Refusal> finish_request(ReadRequest& request, const Fields& fields, uint8_t minor,
                                      const HttpLimits& limits) {
  RequestHead& head = *request.head;
  request.body = request_body(fields.framing, minor);
  if (request.body.kind == BodyLength::Kind::kBad) {
    return refuse(Hostile::kFraming, ErrorCode::kBadRequest, request.body.status, request.body.why);
  }
  if (request.body.declared) head.content_length = request.body.length;
  if (auto refusal = set_host(head, fields)) return refusal;
  if (fields.expects > 0) {
    if (auto refusal = take_expect(fields.expect, head)) return refusal;
  }
  const bool bodiless = request.body.kind == BodyLength::Kind::kNone;
  if (bodiless) head.expects_continue = false;
  head.te_trailers = fields.te_trailers && minor == 1;
  if (head.method == Method::kConnect && !bodiless) {
    return refuse(Hostile::kFraming, ErrorCode::kBadRequest, 400, "CONNECT has a body");
  }
  if (minor == 1 && fields.wants_upgrade && fields.upgrades == 1 && bodiless) {
    head.upgrade = passable_upgrades(fields.upgrade, head.headers.arena());
  }
  request.keep_alive = !fields.close && (minor == 1 || fields.stay);
  return validate_request(head, limits);
}

Duration keep_alive_timeout(std::string_view value) {
  constexpr std::string_view kName = "timeout=";
  constexpr uint64_t kLongest = 86400;
  Duration result{};
  for_each_list_item(value, [&](std::string_view item) {
    if (item.size() == kName.size() || !starts_with_ignore_case(item, kName)) return true;
    const auto given = parse_decimal(item.substr(kName.size()));
    if (given.has_value()) result = seconds(static_cast<int64_t>(std::min(*given, kLongest)));
    return false;
  });
  return result;
}

std::string_view finish_response(ReadResponse& response, const Fields& fields, uint8_t minor,
                                 const RequestContext& request) {
  ResponseHead& head = *response.head;
  response.body = response_body(fields.framing, minor, head.status, request.to_head);
  if (response.body.kind == BodyLength::Kind::kBad) return response.body.why;
  if (response.body.declared) head.content_length = response.body.length;
  // Who declares a body for a status that has none may send it, too.
  const bool odd = (head.status < 200 || head.status == 204) && declares_content(fields.framing);
  response.keep_alive = !fields.close && (minor == 1 || fields.stay) && !odd &&
                        response.body.kind != BodyLength::Kind::kUntilEof;
  response.idle_timeout = keep_alive_timeout(fields.keep_alive);
  if (head.status == 101) {
    const bool asked = fields.wants_upgrade && fields.upgrades == 1 &&
                       lists_token(request.upgrade, fields.upgrade);
    if (!asked) return "the upstream switches protocols without being asked to";
    head.upgrade = fields.upgrade;
  }
  return validate_response(head);
}

}  // namespace

ReadRequest read_request(std::string_view text, const HeadScan& scan, Arena& arena,
                         const HttpLimits& limits) {
  ReadRequest request;
  request.head = arena.make<RequestHead>(arena);
  RequestHead& head = *request.head;
  head.protocol = scan.minor() == 0 ? Protocol::kHttp10 : Protocol::kHttp11;
  set_method(head, scan.method(text));
  set_target(head, scan.target(text));
  Fields fields(head.headers);
  const std::string_view why = fields.read(text.substr(scan.start_line_size()), Side::kRequest);
  if (!why.empty()) {
    if (fields.hosts == 1 && head.authority.empty()) head.authority = fields.host;
    request.refusal = refuse(Hostile::kMalformedHead, ErrorCode::kBadRequest, 400, why);
    return request;
  }
  request.refusal = finish_request(request, fields, scan.minor(), limits);
  return request;
}

RequestHead& read_refused_request(std::string_view bytes, const HeadScan& scan, Arena& arena) {
  RequestHead& head = *arena.make<RequestHead>(arena);
  if (scan.minor() == 0) head.protocol = Protocol::kHttp10;
  set_method(head, arena.copy(scan.method(bytes)));
  set_target(head, arena.copy(scan.target(bytes)));
  return head;
}

ReadResponse read_response(std::string_view text, const HeadScan& scan, Arena& arena,
                           const RequestContext& request) {
  ReadResponse response;
  response.head = arena.make<ResponseHead>(arena);
  ResponseHead& head = *response.head;
  head.protocol = scan.minor() == 0 ? Protocol::kHttp10 : Protocol::kHttp11;
  constexpr size_t kStatusAt = sizeof("HTTP/1.1");
  head.status = (text[kStatusAt] - '0') * 100 + (text[kStatusAt + 1] - '0') * 10 +
                (text[kStatusAt + 2] - '0');
  Fields fields(head.headers);
  response.why = fields.read(text.substr(scan.start_line_size()), Side::kResponse);
  if (response.why.empty()) response.why = finish_response(response, fields, scan.minor(), request);
  return response;
}

}  // namespace woad::h1
