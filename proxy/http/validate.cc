#include "proxy/http/validate.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "proxy/base/strings.h"
#include "proxy/http/authority.h"
#include "proxy/http/byte_class.h"

namespace woad {
namespace {

// Any token is a method (RFC 9110 section 9.1) but those that would change what the connection is.
std::optional<Refusal> check_method(const RequestHead& head) {
  const auto bad = [](int status, std::string_view why) {
    return refuse(Hostile::kMalformedHead, ErrorCode::kBadRequest, status, why);
  };
  if (head.method != Method::kOther) return std::nullopt;
  const std::string_view name = head.method_name;
  if (name.empty() || !all_in(name, kInToken)) return bad(400, "the method is not a token");
  if (name.size() > kLongestMethod) return bad(501, kMethodTooLong);
  if (name == "PRI") return bad(501, "the method is that of the HTTP/2 preface");
  return std::nullopt;
}

// RFC 9110 section 9.3.6: a CONNECT names a host and a port, and nothing else; it has no content.
std::optional<Refusal> check_connect(const RequestHead& head) {
  const auto bad = [](Hostile kind, std::string_view why) {
    return refuse(kind, ErrorCode::kBadRequest, 400, why);
  };
  const size_t colon = head.authority.rfind(':');
  const bool port = colon != std::string_view::npos && is_valid_authority(head.authority) &&
                    parse_decimal(head.authority.substr(colon + 1)).value_or(0) > 0;
  if (!port) return bad(Hostile::kHost, "CONNECT does not name a host and a port");
  if (head.content_length.value_or(0) > 0) return bad(Hostile::kFraming, "CONNECT has a body");
  return std::nullopt;
}

std::optional<Refusal> check_path(const RequestHead& head, const HttpLimits& limits) {
  if (head.method == Method::kConnect && head.path.empty()) return std::nullopt;
  const std::string_view path = head.path;
  if (path.size() > limits.target_bytes) {
    return refuse(Hostile::kTarget, ErrorCode::kTargetTooLong, 414,
                  "the request target is longer than limits.headers.target");
  }
  const bool form = path == "*" ? head.method == Method::kOptions
                                : !path.empty() && path[0] == '/' && all_in(path, kInPath);
  if (form) return std::nullopt;
  return refuse(Hostile::kTarget, ErrorCode::kBadRequest, 400,
                "the request target is not a path of printable ASCII without '#'");
}

std::optional<Refusal> check_authority(const RequestHead& head) {
  if (head.authority.empty()) {
    if (head.protocol == Protocol::kHttp10) return std::nullopt;
    return refuse(Hostile::kHost, ErrorCode::kBadRequest, 400, "the request names no host");
  }
  if (is_valid_authority(head.authority)) return std::nullopt;
  return refuse(Hostile::kHost, ErrorCode::kBadRequest, 400, "the host is not valid");
}

// True for a name that servers which turn '-' into '_' (CGI and its kin) would take for one that
// the proxy decides by: x_woad_color, content_length.
bool is_twin(std::string_view name) {
  constexpr size_t kLongestOwned = 64;
  if (std::memchr(name.data(), '_', name.size()) == nullptr) return false;
  char dashed[kLongestOwned];
  const size_t count = std::min(name.size(), kLongestOwned);
  for (size_t i = 0; i < count; ++i) dashed[i] = name[i] == '_' ? '-' : name[i];
  const std::string_view twin(dashed, count);
  if (starts_with_ignore_case(twin, "x-woad-")) return true;
  if (name.size() > kLongestOwned) return false;
  switch (header_id(twin)) {
    case HeaderId::kContentLength:
    case HeaderId::kTransferEncoding:
    case HeaderId::kKeepAlive:
    case HeaderId::kProxyConnection:
    case HeaderId::kHttp2Settings:
    case HeaderId::kForwardedFor: return true;
    default:
      return equals_ignore_case(twin, "x-forwarded-client-cert") ||
             equals_ignore_case(twin, "proxy-authorization");
  }
}

std::optional<Refusal> take_content_length(std::string_view value, RequestHead& head) {
  const std::optional<uint64_t> length = parse_decimal(value);
  if (!length.has_value() || *length > INT64_MAX || head.content_length.has_value()) {
    return refuse(Hostile::kFraming, ErrorCode::kBadRequest, 400,
                  "Content-Length is not one decimal number");
  }
  head.content_length = length;
  return std::nullopt;
}

std::optional<Refusal> take_host(std::string_view value, bool first, RequestHead& head) {
  if (!first) {
    return refuse(Hostile::kHost, ErrorCode::kBadRequest, 400, "the request has two Host fields");
  }
  if (!head.authority.empty() && !same_authority(head.authority, value)) {
    return refuse(Hostile::kHost, ErrorCode::kBadRequest, 400,
                  "Host and the request's authority differ");
  }
  head.authority = value;
  return std::nullopt;
}

// Takes the fields that became members; names them in `taken`, a bit 1 << HeaderId each.
std::optional<Refusal> take_fields(RequestHead& head, uint32_t& taken) {
  static_assert(static_cast<size_t>(HeaderId::kForwardedFor) < 32);
  for (const Header& field : head.headers) {
    const uint32_t bit = 1U << static_cast<uint32_t>(field.id);
    std::optional<Refusal> refusal;
    switch (field.id) {
      case HeaderId::kOther:
        if (is_twin(field.name)) {
          return refuse(Hostile::kMalformedHead, ErrorCode::kBadRequest, 400,
                        "a field name with '_' imitates one that the proxy decides by");
        }
        continue;
      case HeaderId::kHost: refusal = take_host(field.value, (taken & bit) == 0, head); break;
      case HeaderId::kContentLength: refusal = take_content_length(field.value, head); break;
      case HeaderId::kExpect: refusal = take_expect(field.value, head); break;
      case HeaderId::kTe:
        head.te_trailers = head.te_trailers || lists_token(field.value, "trailers");
        break;
      default: continue;
    }
    if (refusal.has_value()) return refusal;
    taken |= bit;
  }
  return std::nullopt;
}

std::string_view status_fault(const ResponseHead& head) {
  const auto digit = [&head](int unit) { return static_cast<char>('0' + head.status / unit % 10); };
  const char digits[] = {digit(100), digit(10), digit(1)};
  Arena& arena = head.headers.arena();
  return arena.join(arena.join("status ", {digits, 3}), " is outside 100-599");
}

}  // namespace

Refusal refuse(Hostile kind, ErrorCode code, int status, std::string_view why) {
  return {.kind = kind,
          .reply = {.code = code, .status = status, .details = std::string(why), .close = true}};
}

std::optional<Refusal> validate_request(RequestHead& head, const HttpLimits& limits) {
  uint32_t taken = 0;
  if (auto refusal = check_method(head)) return refusal;
  if (auto refusal = check_path(head, limits)) return refusal;
  if (auto refusal = take_fields(head, taken)) return refusal;
  if (taken != 0) {
    head.headers.remove_if([taken](const Header& field) {
      return (taken >> static_cast<uint32_t>(field.id) & 1U) != 0;
    });
  }
  return head.method == Method::kConnect ? check_connect(head) : check_authority(head);
}

std::string_view validate_response(ResponseHead& head) {
  if (head.status < 100 || head.status > 599) return status_fault(head);
  bool any = false;
  for (const Header& field : head.headers) {
    if (field.id == HeaderId::kTransferEncoding) {
      return "the response's Transfer-Encoding is not the codec's";
    }
    any = any || is_rewritten(field.id);
    if (field.id != HeaderId::kContentLength) continue;
    const std::optional<uint64_t> length = parse_decimal(field.value);
    if (!length.has_value() || *length > INT64_MAX || head.content_length.has_value()) {
      return "the response's Content-Length is not one decimal number";
    }
    head.content_length = length;
  }
  // RFC 9110 section 8.6: these carry none; the body ends with the head all the same.
  if (head.status < 200 || head.status == 204) head.content_length.reset();
  if (any) {
    head.headers.remove_if([](const Header& field) { return is_rewritten(field.id); });
  }
  return {};
}

std::optional<Refusal> take_expect(std::string_view value, RequestHead& head) {
  if (!equals_ignore_case(value, "100-continue")) {
    return refuse(Hostile::kMalformedHead, ErrorCode::kBadRequest, 417,
                  "Expect is something else than 100-continue");
  }
  head.expects_continue = head.protocol != Protocol::kHttp10;  // RFC 9110 section 10.1.1
  return std::nullopt;
}

bool forbidden_in_trailers(std::string_view name, HeaderId id) {
  if (id != HeaderId::kOther) return id != HeaderId::kDate && id != HeaderId::kGrpcStatus;
  if (is_twin(name)) return true;
  constexpr std::string_view kNames[] = {"age",
                                         "authorization",
                                         "cache-control",
                                         "content-encoding",
                                         "content-range",
                                         "expires",
                                         "forwarded",
                                         "if-match",
                                         "if-modified-since",
                                         "if-none-match",
                                         "if-range",
                                         "if-unmodified-since",
                                         "location",
                                         "max-forwards",
                                         "pragma",
                                         "proxy-authenticate",
                                         "proxy-authorization",
                                         "range",
                                         "retry-after",
                                         "set-cookie",
                                         "vary",
                                         "warning",
                                         "www-authenticate"};
  for (const std::string_view forbidden : kNames) {
    if (equals_ignore_case(name, forbidden)) return true;
  }
  return starts_with_ignore_case(name, "x-woad-") ||
         starts_with_ignore_case(name, "x-forwarded-") || starts_with_ignore_case(name, "x-b3-");
}

bool is_always_end_to_end(std::string_view name, HeaderId id) {
  if (id != HeaderId::kOther) {
    return id == HeaderId::kContentLength || (!is_framing(id) && id != HeaderId::kUserAgent);
  }
  constexpr std::string_view kNames[] = {"authorization", "cache-control", "forwarded",
                                         "location",      "set-cookie",    "www-authenticate"};
  for (const std::string_view kept : kNames) {
    if (equals_ignore_case(name, kept)) return true;
  }
  constexpr std::string_view kPrefixes[] = {"x-woad-", "x-forwarded-", "x-b3-", "content-",
                                            "grpc-"};
  for (const std::string_view prefix : kPrefixes) {
    if (starts_with_ignore_case(name, prefix)) return true;
  }
  return false;
}

}  // namespace woad
