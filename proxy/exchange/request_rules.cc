#include "proxy/exchange/request_rules.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/http/authority.h"
#include "proxy/snapshot/route_choice.h"

namespace woad {
namespace {

constexpr std::string_view kHops = "x-woad-hops";

std::optional<LocalReply> no_route(std::string details) {
  return LocalReply{.code = ErrorCode::kNoRoute, .details = std::move(details)};
}

// Bytes that are no HTTP, for a service or nobody. Who names one that speaks HTTP in a CONNECT
// hears so; who called its address knew nothing of it.
std::optional<LocalReply> check_opaque(const ServiceEntry* entry, const RequestHead& head,
                                       const Headed* headed) {
  const std::string host(head.authority);
  if (entry == nullptr) {
    return no_route("no service for host " + host + ", and outbound[].unmatched is reject");
  }
  const Service& service = entry->service;
  const bool own_tls = !head.scheme.empty();
  const bool by_address = headed != nullptr && headed->redirected();
  const bool may = by_address || !wraps_opaque(*service.channel);
  if (may && carries_opaque(service, own_tls)) return std::nullopt;
  return no_route(
      "service " + std::string(service.name()) + " speaks HTTP in woad's own TLS, which " +
      (own_tls ? "TLS" : "bytes that are no HTTP") + " cannot go through: call it with http://");
}

// Where a redirect to another scheme leads on the request's own host: a port that is the other
// scheme's (80 to https, 443 to http) would say the old scheme again, any other is kept as written.
std::string own_host(std::string_view authority, std::string_view new_scheme) {
  const Authority own = split_authority(authority);
  const std::optional<uint64_t> port = parse_decimal(own.port);
  const uint64_t left_behind = new_scheme == "https" ? 80 : new_scheme == "http" ? 443 : 0;
  const bool keeps = new_scheme.empty() || (port && *port != left_behind);
  return std::string(keeps ? authority : own.host);
}

std::string location_of(const Redirect& redirect, const RequestHead& head) {
  std::string location = redirect.scheme;
  if (location.empty()) location = head.scheme.empty() ? "http" : head.scheme;
  location.append("://");
  location.append(redirect.host.empty() ? own_host(head.authority, redirect.scheme)
                                        : redirect.host);
  location.append(redirect.path.empty() ? head.path_only() : redirect.path);
  if (head.path.find('?') != std::string_view::npos) location.append("?").append(head.query());
  return location;
}

}  // namespace

LocalReply too_many_connections() {
  return {.code = ErrorCode::kOverloaded,
          .details = "limits.client_connections is reached",
          .close = true};
}

LocalReply of_another_pod(const ListenerSpec& listener) {
  return {
      .code = ErrorCode::kDenied,
      .details = "outbound " + listener.name + " has redirect: true, and serves its own pod alone",
      .close = true};
}

bool is_probe(const ListenerSpec& listener, const RequestHead& head) {
  const auto& probes = listener.probe_paths;
  const bool reads = head.method == Method::kGet || head.method == Method::kHead;
  return reads && std::find(probes.begin(), probes.end(), head.path) != probes.end();
}

std::optional<LocalReply> check_plaintext(const ListenerSpec& listener, const RequestHead& head,
                                          ExchangeInfo& info) {
  if (listener.mtls != Mtls::kStrict) return std::nullopt;
  info.probe = is_probe(listener, head);
  if (info.probe) return std::nullopt;
  return LocalReply{.code = ErrorCode::kMtlsRequired,
                    .details = "the request came in plaintext, and inbound " + listener.name +
                               " has mtls: strict",
                    .close = true};
}

LocalReply no_memory() {
  return {.code = ErrorCode::kOverloaded,
          .details = "the sidecar is at the end of its memory (woad_memory_ceiling_bytes)"};
}

LocalReply slow_body() {
  return {.code = ErrorCode::kBadRequest,
          .status = 408,
          .details = "the request's body comes slower than 500 bytes a second",
          .close = true};
}

std::optional<LocalReply> check_connect(const ListenerSpec& listener, bool inside) {
  if (listener.direction == Direction::kOutbound && !inside) return std::nullopt;
  return LocalReply{
      .code = ErrorCode::kBadRequest,
      .status = 405,
      .details = inside ? "CONNECT is not served inside a CONNECT" : "CONNECT is not served here",
      .close = true};
}

LocalReply no_app(const ListenerSpec& listener, const Client& client) {
  if (client.redirected()) {
    return {.code = ErrorCode::kNoRoute,
            .details = client.headed->original.to_string() + " is woad's own, not the app's",
            .close = true};
  }
  return {.code = ErrorCode::kNoRoute,
          .details = "the connection was not redirected, and the app of inbound " + listener.name +
                     " has no port in the file",
          .close = true};
}

std::optional<LocalReply> count_hop(RequestHead& head) {
  Arena& arena = head.headers.arena();
  uint64_t hops = 0;
  if (const Header* field = head.headers.find(kHops)) {
    hops = parse_decimal(field->value).value_or(0);
    if (hops >= kMaxHops) {
      return LocalReply{
          .code = ErrorCode::kLoop,
          .details = "the request came through " + std::to_string(hops) + " sidecars"};
    }
    head.headers.remove(kHops);
  }
  auto* digits = static_cast<char*>(arena.allocate(20, 1));
  head.headers.add(kHops, {digits, write_decimal(digits, hops + 1)}, HeaderId::kOther);
  return std::nullopt;
}

std::optional<LocalReply> check_service(const ServiceEntry* service, const RequestHead& head,
                                        const Headed* headed) {
  if (head.protocol == Protocol::kTcp) return check_opaque(service, head, headed);
  if (service == nullptr) {
    return no_route("no service or route for host " +
                    std::string(head.authority.empty() ? "(none)" : head.authority));
  }
  if (service->service.protocol == UpstreamProtocol::kTcp) {
    return no_route("service " + std::string(service->service.name()) +
                    " speaks opaque TCP, which HTTP requests cannot reach");
  }
  return std::nullopt;
}

LocalReply configured_answer(const Route& route, const RequestHead& head) {
  if (const auto* respond = std::get_if<Respond>(&route.action)) {
    return {.status = respond->status, .body = respond->body};
  }
  const auto& redirect = std::get<Redirect>(route.action);
  if (redirect.host.empty() && head.authority.empty()) {
    return {.code = ErrorCode::kBadRequest,
            .details = "the request names no host that it could be sent back to"};
  }
  return {.status = redirect.status, .location = location_of(redirect, head)};
}

void rewrite_path(const Route& route, RequestHead& head) {
  std::string_view rest = head.path.substr(route.match.path->text().size());
  std::string_view prefix = *route.rewrite_prefix;
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  const bool bare = prefix.empty() && !rest.starts_with('/');
  head.path = head.headers.arena().join(bare ? "/" : prefix, rest);
}

void append_forwarded_for(RequestHead& head, const Address& peer) {
  Arena& arena = head.headers.arena();
  std::string_view list;
  head.headers.remove_if([&](const Header& field) {
    if (field.id != HeaderId::kForwardedFor) return false;
    list = list.empty() ? field.value : arena.join(list, ", ", field.value);
    return true;
  });
  const std::string_view client = arena.copy(peer.host());
  head.headers.add("x-forwarded-for", list.empty() ? client : arena.join(list, ", ", client),
                   HeaderId::kForwardedFor);
}

}  // namespace woad
