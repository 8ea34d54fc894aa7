#include "proxy/snapshot/route_choice.h"

#include "proxy/http/authority.h"

namespace woad {

uint16_t claimed_port(const Snapshot& snapshot, std::string_view authority,
                      std::string_view scheme) {
  return snapshot.hosts.knows_ports() ? port_of(authority, scheme) : 0;
}

const ServiceEntry* service_of(const Snapshot& snapshot, std::string_view authority,
                               std::string_view scheme) {
  char buffer[256];
  return snapshot.hosts.find(normal_host(authority, buffer),
                             claimed_port(snapshot, authority, scheme));
}

RouteChoice choice_of(const Snapshot& snapshot, const ServiceEntry* service) {
  const bool own = service != nullptr && !service->filters.empty();
  return {service, nullptr,
          own ? &service->filters : &snapshot.chain(Direction::kOutbound).slots()};
}

bool carries_opaque(const Service& service, bool own_tls) {
  const Channel& channel = *service.channel;
  if (service.protocol == UpstreamProtocol::kTcp || channel.tls == nullptr) return true;
  // What goes on in plaintext is for the client's own TLS alone.
  return wraps_opaque(channel) || (own_tls && channel.opaque != nullptr);
}

const ServiceEntry* service_at(const Snapshot& snapshot, const Address& original) {
  const ServiceEntry* entry = snapshot.addresses.find(original);
  return entry != nullptr ? entry : service_of(snapshot, original.to_string(), "");
}

// HTTP services in plaintext have ports of their own, on which TLS is not expected.
const ServiceEntry* opaque_service_at(const Snapshot& snapshot, const Address& original,
                                      bool own_tls, std::string_view server_name) {
  if (!own_tls) {
    const ServiceEntry* entry = service_at(snapshot, original);
    return entry != nullptr && carries_opaque(entry->service, false) ? entry : nullptr;
  }
  if (server_name.empty()) return nullptr;
  char buffer[256];
  const ServiceEntry* entry =
      snapshot.hosts.find(normal_host(server_name, buffer), original.port());
  if (entry == nullptr) return nullptr;
  if (entry->own_tls != nullptr) return entry->own_tls.get();
  const Channel& channel = *entry->service.channel;
  const bool expects_tls = channel.opaque != nullptr && !wraps_opaque(channel);
  return entry->service.protocol == UpstreamProtocol::kTcp || expects_tls ? entry : nullptr;
}

RouteChoice choose_route(const Snapshot& snapshot, const MatchInput& input, Random& random) {
  RouteChoice choice;
  choice.settings = &snapshot.chain(Direction::kOutbound).slots();
  // Routes are about HTTP.
  const bool opaque = input.head.protocol == Protocol::kTcp;
  choice.route = opaque ? nullptr : snapshot.routes.find(input);
  if (choice.route == nullptr) {
    return choice_of(snapshot, snapshot.hosts.find(input.host, input.port));
  }
  if (!choice.route->filters.empty()) choice.settings = &choice.route->filters;
  if (const RouteTarget* target = choice.route->pick(random)) {
    choice.service = target->service;
    if (!target->filters.empty()) choice.settings = &target->filters;
  }
  return choice;
}

}  // namespace woad
