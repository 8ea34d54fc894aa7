// Who speaks first: the server of a client that says nothing, connected to beside it.
//
//   dialing ──▶ listening ──▶ heard
//      └───────────┴──▶ lost
// A protocol whose server begins (SMTP, MySQL, SSH) is no HTTP, and is known by that. Owned by
// whoever waits for the client. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "proxy/exchange/client.h"
#include "proxy/exchange/worker_context.h"
#include "proxy/net/first_word.h"
#include "proxy/upstream/address_dial.h"

namespace woad {

class ServerFirstHost {
 public:
  // The server spoke, or ended the connection: the client is relayed to it.
  virtual void on_server_spoke() = 0;
  // There is no server, as `why` says: the client would have heard so at once.
  virtual void on_no_server(std::string_view why) = 0;

 protected:
  ~ServerFirstHost() = default;
};

class ServerFirst final : private DialSink, private FirstWordSink {
 public:
  // How long a client that has been redirected may say nothing before its server is asked
  // (pod.md, "Who speaks first decides").
  static constexpr Duration kSilence = milliseconds(100);

  // Dials an endpoint of the service's first pool, `called` if it is there. All outlive this, but
  // the service, which this holds.
  ServerFirst(ServerFirstHost& host, const WorkerContext& worker, Dialer& dialer, LivePools& pools,
              const Service& service, const Address& called);
  ~ServerFirst();

  // From now on this one waits for the client.
  void set_host(ServerFirstHost& host) { host_ = &host; }
  bool spoke() const { return transport_ != nullptr && transport_->heard(); }

  // The connection, with what was heard, is its pool's now, for the next stream of that protocol;
  // returns its endpoint's address. Nothing: there is none yet, or none that fits.
  std::optional<Address> adopt(Protocol protocol);

 private:
  const Endpoint* choose(Random& random, const Address& called) const;
  void on_dialed(Dialed dialed) override;
  void on_dial_failed(DialFailure failure) override;
  void on_first_word() override { host_->on_server_spoke(); }

  ServerFirstHost* host_;
  Scheduler& scheduler_;
  LivePools& pools_;
  std::shared_ptr<const Service> service_;
  const Pool& pool_;
  std::unique_ptr<Dial> dial_;
  Dialed dialed_;  // without its transport
  std::unique_ptr<FirstWordTransport> transport_;
};

// Asks whoever opaque bytes of such a client would go to; nullptr: nobody may be asked before it
// has spoken (`unmatched: reject`).
std::unique_ptr<ServerFirst> ask_server(ServerFirstHost& host, const Headed& headed,
                                        const ListenerSpec& listener, SnapshotView& view,
                                        const WorkerContext& worker, Dialer& dialer);

}  // namespace woad
