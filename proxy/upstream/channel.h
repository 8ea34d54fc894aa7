// How the endpoints of a service are reached: plainly, or by TLS with these options.
//
// Immutable and shared: a snapshot takes over the channels of the one before it that are the same
// in everything. Connections belong to an endpoint and a channel, so none is ever used for another
// identity of ours, expected peer, name, protocol list or TLS epoch than it was opened for. Any
// thread.
#pragma once

#include <memory>
#include <string>

#include "proxy/base/time.h"
#include "proxy/net/tls_context.h"

namespace woad {

struct Channel {
  Duration connect_timeout{};                             // TCP and TLS together
  TlsContext::Ptr tls{};                                  // nullptr: plaintext
  std::shared_ptr<const TlsClientOptions> tls_options{};  // with tls
  // With tls. A server that does not agree on h2 is spoken to in HTTP/1.1, unless it must.
  bool offers_http2 = false;
  bool needs_http2 = false;
};

}  // namespace woad
