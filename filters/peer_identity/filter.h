// Tells the app who calls: x-forwarded-client-cert says what the handshake proved, and nothing that
// the client wrote.
#pragma once

#include "filters/peer_identity/config.h"
#include "proxy/filter/filter.h"

namespace woad {

// One an exchange, on the worker's thread.
class PeerIdentityFilter final : public HttpFilter {
 public:
  using Settings = PeerIdentitySettings;
  static constexpr const config::Table<Settings>& kTable = kPeerIdentityTable;

  explicit PeerIdentityFilter(FilterContext& context) : context_(context) {}

  HeadVerdict on_request_head(RequestHead& head, bool end) override;

 private:
  FilterContext& context_;
};

}  // namespace woad
