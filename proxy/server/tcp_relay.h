// Opaque TCP: bytes both ways between a client and the app, with back-pressure and half-close.
//
//   dialing ──▶ relaying ──▶ closing ──▶ (deleted at the end of the turn)
// Owned by its Listener. One thread.
#pragma once

#include <memory>

#include "proxy/base/timer_wheel.h"
#include "proxy/exchange/worker_context.h"
#include "proxy/net/tls/connection_age.h"
#include "proxy/net/transport.h"
#include "proxy/server/client_handshake.h"
#include "proxy/upstream/address_dial.h"

namespace woad {

class TcpRelay;

class RelayHost {
 public:
  virtual void on_relay_closed(TcpRelay& relay) = 0;

 protected:
  ~RelayHost() = default;
};

class TcpRelay final : public Deferred, public ListLink, private DialSink, private AgeSink {
 public:
  // A relay without bytes either way for this long is cut, as a tunnel is.
  static constexpr Duration kIdle = ExchangeLimits{}.tunnel_idle;

  TcpRelay(RelayHost& host, WorkerContext& worker, ClientArrival client);
  ~TcpRelay() override;

  // To this endpoint, or another address of its name; it is in `pool`, which is the service's.
  void start(Dialer& dialer, const Service& service, const Pool& pool, const Endpoint& endpoint);
  void close(std::string_view why);
  // The listener's TLS is of another epoch now.
  void on_newer_epoch(const TlsContext::Ptr& epoch) {
    if (tls_ != nullptr && tls_ != epoch) age_.end_within(ConnectionAge::kReplaced);
  }

 private:
  // One direction's receiving end.
  class Side final : public TransportSink {
   public:
    explicit Side(TcpRelay& relay) : relay_(relay) {}
    void on_bytes(Slice bytes) override;
    void on_eof() override;
    void on_drained() override;
    void on_lost(std::string_view why) override { relay_.close(why); }

    std::unique_ptr<Transport> transport;
    Side* other = nullptr;
    bool ended = false;  // its peer sent FIN

   private:
    TcpRelay& relay_;
  };

  void on_dialed(Dialed dialed) override;
  void on_dial_failed(DialFailure failure) override;
  void on_idle() { close("no bytes either way for an hour"); }
  // Opaque bytes have no graceful end.
  void on_old() override {}
  void on_too_old() override { close(ConnectionAge::kTooOld); }

  RelayHost& host_;
  const WorkerContext& worker_;
  const Address address_;  // of the client
  Side client_;
  Side app_;
  std::unique_ptr<Dial> dial_;
  Timer idle_;
  TlsContext::Ptr tls_;  // of the client's side; nullptr: plaintext
  ConnectionAge age_;
  bool closing_ = false;
};

}  // namespace woad
