// TLS over a Transport: the handshake, and the Transport that comes of it.
//
// The new transport keeps the contract of transport.h, and says more of how a connection ends:
// - on_eof() comes for close_notify alone. A FIN without it is on_lost("closed without
//   close_notify"), whatever the state of the protocol above: what it had must count as cut off
//   (RFC 8446 section 6.1), and a peer that is done needs no answer.
// - shutdown_write() and close_after_flush() send close_notify, then FIN; destroying, and
//   close_after_flush() after abort_on_destroy(), send neither, so that a body that ends with the
//   connection is not taken for whole.
// - A client may hear only after its handshake that the server refused its certificate (RFC 8446
//   section 2: the client's flight is the last one): then on_lost() names the alert.
// What is written in one turn goes out as the fewest records (16 KiB each) in one write of the
// lower transport; at most 64 KiB are encrypted ahead of a slow peer. While reading is held at most
// one read of the lower transport waits, undecrypted.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "proxy/base/buffer.h"
#include "proxy/base/scheduler.h"
#include "proxy/net/tls/context.h"
#include "proxy/net/tls/svid.h"
#include "proxy/net/transport.h"

namespace woad {

// A handshake that succeeded.
struct TlsReady {
  std::unique_ptr<Transport> transport;  // not started; bytes behind the handshake wait in it
  std::string alpn;                      // "" when none was agreed on
  std::shared_ptr<const Svid> peer;      // nullptr for a server without SPIFFE id
};

// When the first certificate of such a connection ends, ours or the peer's (nullptr: it has no
// SPIFFE id, and counts for nothing).
inline WallTime certificates_end(const TlsContext& context, const Svid* peer) {
  const WallTime ours = context.material().not_after();
  return peer == nullptr ? ours : std::min(ours, peer->not_after);
}

struct TlsError {
  enum class Kind : uint8_t {
    kAlert,        // the peer refused us with an alert
    kCertificate,  // we refused the peer's certificate, or it showed none
    kProtocol,     // no TLS, or nothing in common
    kTimeout,
    kLost,  // the connection broke
  };
  Kind kind;
  // With the peer's address, such as "10.0.0.1:443: the server's certificate was refused: its id
  // spiffe://a/b is not the expected spiffe://a/c".
  std::string message;
};

// Exactly one of these is called, once, from the loop and never from inside accept_tls() or
// connect_tls(); each may destroy the handshake.
class TlsHandshakeSink {
 public:
  virtual void on_tls(TlsReady ready) = 0;
  // The peer was sent an alert at most; its connection is being closed.
  virtual void on_tls_failed(TlsError error) = 0;
  // The client speaks no TLS and the options allow it; never of connect_tls(). The transport is not
  // started; it begins with the client's first bytes.
  virtual void on_plaintext(std::unique_ptr<Transport> /*transport*/) {}

 protected:
  ~TlsHandshakeSink() = default;
};

// A handshake under way; destroying it closes the connection, and no event comes afterwards.
class TlsHandshake {
 public:
  virtual ~TlsHandshake() = default;

  // Of one to accept: the client has said nothing yet.
  virtual bool silent() const = 0;
  // While it is silent. It speaks no TLS, as somebody else knows: on_plaintext() comes now.
  virtual void take_for_plaintext() = 0;
  // While it is silent: on_tls_failed() comes now, and the connection is reset.
  virtual void give_up(std::string_view why) = 0;
};

// `lower` is connected and not started. `timeout` runs from now to the end of the handshake, the
// wait for the client's first byte included. To accept, the context can serve; to connect
// without an identity, the options name the server (sni).
// Scheduler, pool and sink outlive the handshake; the first two also the transport.
std::unique_ptr<TlsHandshake> accept_tls(Scheduler& scheduler, BlockPool& blocks,
                                         std::unique_ptr<Transport> lower, TlsContext::Ptr context,
                                         std::shared_ptr<const TlsServerOptions> options,
                                         Duration timeout, TlsHandshakeSink& sink);
std::unique_ptr<TlsHandshake> connect_tls(Scheduler& scheduler, BlockPool& blocks,
                                          std::unique_ptr<Transport> lower, TlsContext::Ptr context,
                                          std::shared_ptr<const TlsClientOptions> options,
                                          Duration timeout, TlsHandshakeSink& sink);

}  // namespace woad
