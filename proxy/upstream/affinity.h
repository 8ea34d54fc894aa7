// What keeps requests at one endpoint: the value of a request that ring_hash goes by. Immutable;
// any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proxy/http/message.h"
#include "proxy/net/address.h"

namespace woad {

// At most one of the three is set.
struct Affinity {
  std::optional<HeaderName> header{};
  std::string cookie{};
  bool source_ip = false;

  // The same for the same value, in every sidecar; nothing when the request has none. `client` is
  // the far end of the connection it came on.
  std::optional<uint64_t> key_of(const RequestHead& head, const Address& client) const;
};

}  // namespace woad
