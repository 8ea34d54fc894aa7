// A client's connection from its first byte until it is known who is there: TLS by the listener's
// options, or plaintext where they allow it.
//
// Owned by its listener, which it tells once, from the loop. One thread.
#pragma once

#include <memory>
#include <string>

#include "proxy/base/intrusive_list.h"
#include "proxy/net/tls/transport.h"

namespace woad {

class ClientHandshake;

// What came of it.
struct ClientArrival {
  std::unique_ptr<Transport> transport;    // not started
  std::string alpn{};                      // "" when none was agreed on, or in plaintext
  std::shared_ptr<const Svid> identity{};  // nullptr: plaintext
  TlsContext::Ptr tls{};
  // Inside a CONNECT to this host and port; nullptr: by itself.
  std::unique_ptr<const std::string> connect{};
  bool over_limit = false;  // come for its refusal alone
};

class ClientHandshakeHost {
 public:
  // Each time the handshake is over: unlink and delete it (deferred).
  virtual void on_arrival(ClientHandshake& handshake, ClientArrival arrival) = 0;
  virtual void on_no_arrival(ClientHandshake& handshake, TlsError error) = 0;

 protected:
  ~ClientHandshakeHost() = default;
};

class ClientHandshake final : public Deferred, public ListLink, private TlsHandshakeSink {
 public:
  // All references outlive the handshake.
  ClientHandshake(ClientHandshakeHost& host, Scheduler& scheduler, BlockPool& blocks,
                  std::unique_ptr<Transport> client, TlsContext::Ptr context,
                  std::shared_ptr<const TlsServerOptions> options, Duration timeout)
      : host_(host),
        address_(client->peer()),
        context_(std::move(context)),
        handshake_(accept_tls(scheduler, blocks, std::move(client), context_, std::move(options),
                              timeout, *this)) {}

  const Address& client() const { return address_; }

 private:
  void on_tls(TlsReady ready) override {
    host_.on_arrival(*this, {std::move(ready.transport), std::move(ready.alpn),
                             std::move(ready.peer), std::move(context_)});
  }
  void on_tls_failed(TlsError error) override { host_.on_no_arrival(*this, std::move(error)); }
  void on_plaintext(std::unique_ptr<Transport> transport) override {
    host_.on_arrival(*this, {.transport = std::move(transport)});
  }

  ClientHandshakeHost& host_;
  const Address address_;  // the transport may be gone when the handshake fails
  TlsContext::Ptr context_;
  std::unique_ptr<TlsHandshake> handshake_;
};

}  // namespace woad
