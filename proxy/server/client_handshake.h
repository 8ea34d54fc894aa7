// A client's connection from its first byte until it is known who is there: TLS by the listener's
// options, or plaintext where they allow it.
//
//   shaking hands ──▶ over, told to the owner
//        └──silent, and may come in plaintext──▶ its server is asked ──spoke──▶ over: plaintext
//
// Owned by its listener, which it tells once, from the loop. One thread.
#pragma once

#include <memory>
#include <string>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/exchange/client.h"
#include "proxy/net/tls/transport.h"
#include "proxy/server/server_first.h"

namespace woad {

class ClientHandshake;

// What came of it.
struct ClientArrival {
  std::unique_ptr<Transport> transport;    // not started
  std::string alpn{};                      // "" when none was agreed on, or in plaintext
  std::shared_ptr<const Svid> identity{};  // nullptr: plaintext
  TlsContext::Ptr tls{};
  std::unique_ptr<Headed> headed{};       // nullptr: its requests alone tell where to
  std::unique_ptr<ServerFirst> server{};  // nullptr: was not asked
  Refused refused = Refused::kNo;
  uint32_t requests = 0;  // that came before it rested, in HTTP/1
};

class ClientHandshakeHost {
 public:
  // Each time the handshake is over: unlink and delete it (deferred).
  virtual void on_arrival(ClientHandshake& handshake, ClientArrival arrival) = 0;
  virtual void on_no_arrival(ClientHandshake& handshake, TlsError error) = 0;
  // Asks the server of a client that is silent; nullptr: there is none to ask.
  virtual std::unique_ptr<ServerFirst> ask_server(const Headed& headed, ServerFirstHost& host) = 0;

 protected:
  ~ClientHandshakeHost() = default;
};

class ClientHandshake final : public Deferred,
                              public ListLink,
                              private TlsHandshakeSink,
                              private ServerFirstHost {
 public:
  // All references outlive the handshake. `headed`: nullptr when the client was not redirected.
  ClientHandshake(ClientHandshakeHost& host, Scheduler& scheduler, BlockPool& blocks,
                  std::unique_ptr<Transport> client, TlsContext::Ptr context,
                  std::shared_ptr<const TlsServerOptions> options, Duration timeout,
                  std::unique_ptr<Headed> headed)
      : host_(host),
        address_(client->peer()),
        context_(std::move(context)),
        headed_(std::move(headed)),
        handshake_(accept_tls(scheduler, blocks, std::move(client), context_, std::move(options),
                              timeout, *this)),
        silence_(scheduler.timers(), bind_timer<&ClientHandshake::on_silence>(this)) {}

  const Address& client() const { return address_; }
  // It may be plaintext whose server speaks first, unless something comes within `silence`.
  void expect_server_first(Duration silence) { silence_.arm(silence); }

 private:
  void on_tls(TlsReady ready) override {
    host_.on_arrival(*this,
                     {std::move(ready.transport), std::move(ready.alpn), std::move(ready.peer),
                      std::move(context_), std::move(headed_), std::move(server_)});
  }
  void on_tls_failed(TlsError error) override { host_.on_no_arrival(*this, std::move(error)); }
  void on_plaintext(std::unique_ptr<Transport> transport) override {
    host_.on_arrival(*this, {.transport = std::move(transport),
                             .headed = std::move(headed_),
                             .server = std::move(server_)});
  }
  void on_silence() {
    if (!handshake_->silent()) return;
    server_ = host_.ask_server(*headed_, *this);
  }
  void on_server_spoke() override {
    if (handshake_->silent()) handshake_->take_for_plaintext();
  }
  void on_no_server(std::string_view why) override {
    if (handshake_->silent()) handshake_->give_up(why);
  }

  ClientHandshakeHost& host_;
  const Address address_;  // the transport may be gone when the handshake fails
  TlsContext::Ptr context_;
  std::unique_ptr<Headed> headed_;
  std::unique_ptr<ServerFirst> server_;
  std::unique_ptr<TlsHandshake> handshake_;
  Timer silence_;
};

}  // namespace woad
