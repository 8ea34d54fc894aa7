// How the endpoints of a service are reached: plainly, or by TLS with these options.
//
// Immutable and shared: a snapshot takes over the channels of the one before it that are the same
// in everything. Connections belong to an endpoint and a channel, so none is ever used for another
// identity of ours, expected peer, name, protocol list or TLS epoch than it was opened for. Any
// thread.
#pragma once

#include <memory>

#include "proxy/base/time.h"
#include "proxy/net/tls/context.h"

namespace woad {

struct Channel {
  Duration connect_timeout{};  // TCP and TLS together
  // Connections come from a loopback address, also to one that is none: by that the rules of `woad
  // redirect` know that they go to the app, and leave them alone.
  bool from_loopback = false;
  // Who waits for a connection cannot go to another address instead: the app's, an original
  // destination.
  bool sole_address = false;
  TlsContext::Ptr tls{};                                  // nullptr: plaintext
  std::shared_ptr<const TlsClientOptions> tls_options{};  // with tls
  // With tls: a server that does not agree on h2 is refused, else it is spoken to in HTTP/1.1.
  bool needs_http2 = false;
  // With tls that may agree on h2: the same without it, for what HTTP/2 does not carry (Upgrade).
  std::shared_ptr<const Channel> http1{};
  // How opaque bytes go to a service that speaks HTTP, where that is another way: by mTLS without
  // ALPN; in plaintext where TLS proves its name alone, for a client that brings TLS of its own.
  std::shared_ptr<const Channel> opaque{};
};

// Whether opaque bytes go in mTLS beside that of HTTP.
inline bool wraps_opaque(const Channel& channel) {
  return channel.opaque != nullptr && channel.opaque->tls != nullptr;
}

// How opaque bytes go where the others go by `channel`.
inline const std::shared_ptr<const Channel>& for_opaque(
    const std::shared_ptr<const Channel>& channel) {
  return channel->opaque == nullptr ? channel : channel->opaque;
}

}  // namespace woad
