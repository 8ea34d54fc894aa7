// Settings of the peer_identity filter.
#pragma once

#include "config/table.h"

namespace woad {

struct PeerIdentitySettings {
  bool forward_client_cert = true;

  bool operator==(const PeerIdentitySettings&) const = default;
};

extern const config::Table<PeerIdentitySettings> kPeerIdentityTable;

}  // namespace woad
