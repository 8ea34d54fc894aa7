// Where an exchange goes: by what its request says, and by where its connection was headed.
#pragma once

#include "proxy/base/random.h"
#include "proxy/exchange/client.h"
#include "proxy/http/exchange_info.h"
#include "proxy/http/message.h"
#include "proxy/snapshot/route_choice.h"

namespace woad {

// Inbound: the app. Outbound: routes, then the host; where nobody claims it, the host of the
// CONNECT inside which it came, or the address to which its connection was going. Notes in `info`
// which endpoint the client called itself, where that decided.
RouteChoice choose_target(const Snapshot& snapshot, const ListenerSpec& listener,
                          const Client& client, const RequestHead& head, ExchangeInfo& info,
                          Random& random);

}  // namespace woad
