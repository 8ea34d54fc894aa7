#include "filters/peer_identity/config.h"

namespace woad {

const config::Table<PeerIdentitySettings> kPeerIdentityTable{
    {"forward_client_cert", &PeerIdentitySettings::forward_client_cert,
     "The app is told who calls, in x-forwarded-client-cert."},
};

}  // namespace woad
