// Where a request goes, and with which settings of the filters: chosen once for each exchange.
#pragma once

#include "proxy/snapshot/snapshot.h"

namespace woad {

struct RouteChoice {
  const ServiceEntry* service = nullptr;  // nullptr: none, or the route answers by itself
  const Route* route = nullptr;           // nullptr: the host decided
  const FilterSlots* settings = nullptr;  // route over service over chain
};

// The port of an authority, where any service claims its hosts by it; else 0.
uint16_t claimed_port(const Snapshot& snapshot, std::string_view authority,
                      std::string_view scheme);
// Who claims the host of an authority, and its port.
const ServiceEntry* service_of(const Snapshot& snapshot, std::string_view authority,
                               std::string_view scheme);

// Of a request of the app. `random` decides between the targets of a route, by weight.
RouteChoice choose_route(const Snapshot& snapshot, const MatchInput& input, Random& random);

// Whether bytes that are no HTTP can reach the service; `own_tls`: they are TLS.
bool carries_opaque(const Service& service, bool own_tls);

// Who claims a connection by the address to which it was going: the service of an endpoint there,
// or of a listed host. nullptr: nobody.
const ServiceEntry* service_at(const Snapshot& snapshot, const Address& original);

// The same for bytes that are no HTTP; `own_tls`: they are TLS that asks for `server_name`, and go
// by that name alone.
const ServiceEntry* opaque_service_at(const Snapshot& snapshot, const Address& original,
                                      bool own_tls, std::string_view server_name);

// With the service's own settings, or those of the chain.
RouteChoice choice_of(const Snapshot& snapshot, const ServiceEntry* service);

}  // namespace woad
