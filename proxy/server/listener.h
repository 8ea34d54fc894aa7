// One listening socket of one worker, with the connections it accepted. One thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "proxy/base/timer_wheel.h"
#include "proxy/exchange/worker_context.h"
#include "proxy/log/log_gate.h"
#include "proxy/net/acceptor.h"
#include "proxy/net/loop.h"
#include "proxy/server/client_handshake.h"
#include "proxy/server/destinations.h"
#include "proxy/server/downstream_connection.h"

namespace woad {

// What a listener needs of its worker; outlives it.
struct ListenerContext {
  Loop& loop;
  WorkerContext& worker;
  Dialer& dialer;
  CodecContext codec;
  std::atomic<uint32_t>& client_connections;  // of the whole process
  int descriptor_share = DescriptorShares::kAll;
  LogGate handshake_log{};  // of handshakes that failed
  // A destination that no file names was met: what nobody uses any more is to be swept.
  std::function<void()> on_destination = [] {};
};

class Listener final : private ConnectionHost,
                       private ClientHandshakeHost,
                       private RestingClientHost {
 public:
  // How long a closed listener's silent connections are waited for.
  static constexpr Duration kLastRequest = milliseconds(500);

  // Takes over the listening `socket`. `spec` is part of the view's snapshot.
  Listener(ListenerContext& context, int socket, ViewRef view, const ListenerSpec& spec);
  ~Listener();

  // The same address in a newer snapshot: open connections use it from their next request on.
  // Those of an older TLS epoch end within ConnectionAge::kReplaced, and gracefully at once when
  // the trust domain is another.
  void update(ViewRef view, const ListenerSpec& spec);

  // Announces the end on every connection, and on new ones with their first answer.
  void begin_drain();
  // No new connections but those in the queue. Each connection ends with its next answer; one that
  // asks for nothing within kLastRequest ends then, so that no request meets a closing door.
  void close();
  void abort(std::string_view why);

  const std::string& name() const { return name_; }
  Direction direction() const { return spec_->direction; }
  // Handshakes count too.
  size_t connections() const { return connection_count_ + refusals_; }
  // Connections with requests under way (opaque ones count as one); once closed, all that have not
  // ended yet.
  size_t active();

 private:
  // Connections that wait for their refusal at once.
  static constexpr size_t kMostRefusals = 64;
  enum class Phase : uint8_t { kOpen, kDraining, kClosed, kLastLook };

  ViewRef current_view() override { return view_; }
  const ListenerSpec& spec() const override { return *spec_; }
  WorkerContext& worker() override { return context_.worker; }
  CodecContext codec_context() override { return context_.codec; }
  bool draining() const override { return phase_ != Phase::kOpen; }
  void on_connect(ClientArrival inside) override { serve(std::move(inside)); }
  void on_rest(DownstreamConnection& connection, ClientRest rest) override;
  void on_connection_closed(DownstreamConnection& connection) override;
  void on_stir(RestingClient& client) override { wake(client); }
  void on_rested_out(RestingClient& client) override;
  void on_arrival(ClientHandshake& handshake, ClientArrival arrival) override;
  void on_no_arrival(ClientHandshake& handshake, TlsError error) override;
  std::unique_ptr<ServerFirst> ask_server(const Headed& headed, ServerFirstHost& host) override;

  void on_accept(int socket, const Address& peer);
  void end_silent();
  void look_for_stalls();
  // Where a connection was headed before it was redirected; nullptr: it came to us.
  std::unique_ptr<Headed> headed(int socket);
  std::shared_ptr<const ServiceEntry> destination(const Address& original);
  void shake_hands(std::unique_ptr<Transport> client, std::unique_ptr<Headed> headed);
  // It is in none of the lists any more, and dies at the end of the turn.
  template <class T>
  void forget(T& client);
  DownstreamConnection& serve(ClientArrival arrival);
  DownstreamConnection& wake(RestingClient& client);
  bool is_stranger(const Address& peer) const;
  void refuse(std::unique_ptr<Transport> client, Refused why);
  void uncount(const DownstreamConnection& connection);
  void count_connection(int change);

  ListenerContext& context_;
  std::string name_;
  ViewRef view_;
  const ListenerSpec* spec_;
  std::unique_ptr<Acceptor> acceptor_;
  IntrusiveList<ClientHandshake> handshakes_;
  // With those inside their CONNECTs, which end with them.
  IntrusiveList<DownstreamConnection> connections_;
  IntrusiveList<RestingClient> resting_;
  Destinations destinations_;
  size_t connection_count_ = 0;  // without those that come for a refusal
  size_t refusals_ = 0;
  Timer last_request_timer_;
  Timer stall_timer_;  // armed on inbound: our own app may take its time
  Phase phase_ = Phase::kOpen;
};

}  // namespace woad
