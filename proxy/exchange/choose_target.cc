#include "proxy/exchange/choose_target.h"

#include "proxy/match/matcher.h"

namespace woad {
namespace {

RouteChoice choose_app(const Snapshot& snapshot, const ListenerSpec& listener, const Client& client,
                       ExchangeInfo& info) {
  const ServiceEntry* app = listener.app.get();
  if (client.redirected()) {
    app = client.headed->there.get();
    info.called = client.headed->endpoint;
  }
  return {app, nullptr, &snapshot.chain(Direction::kInbound).slots()};
}

RouteChoice choose_by_address(const Snapshot& snapshot, const Headed& headed,
                              const ServiceEntry* claims, ExchangeInfo& info) {
  info.called = headed.endpoint;
  return choice_of(snapshot, claims == nullptr ? headed.there.get() : claims);
}

}  // namespace

RouteChoice choose_target(const Snapshot& snapshot, const ListenerSpec& listener,
                          const Client& client, const RequestHead& head, ExchangeInfo& info,
                          Random& random) {
  if (listener.direction == Direction::kInbound) {
    return choose_app(snapshot, listener, client, info);
  }
  const Headed* const headed = client.headed.get();
  if (head.protocol == Protocol::kTcp && client.redirected()) {
    const bool own_tls = !head.scheme.empty();
    return choose_by_address(snapshot, *headed,
                             opaque_service_at(snapshot, headed->original, own_tls, head.authority),
                             info);
  }
  const auto by_host = [&](std::string_view authority) {
    char buffer[256];
    // The name that TLS asks for has no port of its own.
    const bool opaque = headed != nullptr && head.protocol == Protocol::kTcp;
    const uint16_t port =
        claimed_port(snapshot, opaque ? std::string_view(headed->connect) : authority, head.scheme);
    const MatchInput input{
        head, normal_host(authority, buffer), info.color, info.tenant, info.principal, port};
    return choose_route(snapshot, input, random);
  };
  const RouteChoice choice = by_host(head.authority);
  if (choice.route != nullptr || choice.service != nullptr || headed == nullptr) return choice;
  if (!headed->redirected()) return by_host(headed->connect);
  return choose_by_address(snapshot, *headed, service_at(snapshot, headed->original), info);
}

}  // namespace woad
