// Handshakes over memory between two workloads, or with plain OpenSSL.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/net/tls/transport.h"
#include "tests/net/harness.h"
#include "tests/net/tls/peer.h"
#include "tests/support/memory_transport.h"
#include "tests/support/workloads.h"

namespace woad::test {

inline constexpr Duration kHandshakeTimeout = seconds(10);

// Writes down how a handshake ended.
class Outcome final : public TlsHandshakeSink {
 public:
  void on_tls(TlsReady result) override {
    ++events;
    ready.emplace(std::move(result));
  }
  void on_tls_failed(TlsError result) override {
    ++events;
    error.emplace(std::move(result));
  }
  void on_plaintext(std::unique_ptr<Transport> transport) override {
    ++events;
    plaintext = std::move(transport);
  }
  std::string why() const { return error ? error->message : ""; }

  int events = 0;
  std::optional<TlsReady> ready;
  std::optional<TlsError> error;
  std::unique_ptr<Transport> plaintext;
};

// A scheduler at a fixed time, and pools.
struct World {
  BlockPool blocks;
  Scheduler scheduler{MonoTime(seconds(1000)), kCertificateNow};

  void advance(Duration by) { scheduler.advance(scheduler.now() + by); }
};

inline std::shared_ptr<const TlsServerOptions> server_options(TlsServerOptions options = {
                                                                  alpn_wire({"h2", "http/1.1"}),
                                                                  false}) {
  return std::make_shared<const TlsServerOptions>(std::move(options));
}

inline std::shared_ptr<const TlsClientOptions> client_options(
    TlsClientOptions options = {"price", alpn_wire({"h2", "http/1.1"}), {}, {}}) {
  return std::make_shared<const TlsClientOptions>(std::move(options));
}

// The other side of a handshake, by plain OpenSSL.
inline OpensslPeer::Settings client_of(const Issued& leaf) {
  return {.certificate = leaf.certificate, .key = leaf.key, .alpn = alpn_wire({"h2", "http/1.1"})};
}
inline OpensslPeer::Settings server_of(const Issued& leaf) {
  return {.server = true,
          .certificate = leaf.certificate,
          .key = leaf.key,
          .alpn = alpn_wire({"http/1.1"})};
}

// One handshake of ours with a MemoryPeer at the other end.
struct OneSide {
  explicit OneSide(World& owner) : world(owner), wire(owner.scheduler, owner.blocks) {}

  OneSide& accept(TlsContext::Ptr context,
                  std::shared_ptr<const TlsServerOptions> options = server_options()) {
    handshake = accept_tls(world.scheduler, world.blocks, wire.connect(), std::move(context),
                           std::move(options), kHandshakeTimeout, outcome);
    return *this;
  }
  OneSide& connect(TlsContext::Ptr context,
                   std::shared_ptr<const TlsClientOptions> options = client_options()) {
    handshake = connect_tls(world.scheduler, world.blocks, wire.connect(), std::move(context),
                            std::move(options), kHandshakeTimeout, outcome);
    return *this;
  }
  // After a handshake that succeeded.
  Transport& transport() { return *outcome.ready->transport; }
  Transport& start() {
    transport().start(ear);
    return transport();
  }
  void write(std::string_view text) {
    Buffer data;
    data.append(world.blocks, text);
    transport().write(std::move(data));
  }

  World& world;
  MemoryPeer wire;
  Recorder ear;
  Outcome outcome;
  std::unique_ptr<TlsHandshake> handshake;
};

// Our server, established, with plain OpenSSL at the other end.
struct Served {
  explicit Served(TlsVersion version = TlsVersion::k13)
      : ours(world),
        client({.certificate = workloads().cart.certificate,
                .key = workloads().cart.key,
                .max_version = version == TlsVersion::k12 ? 0x0303 : 0}) {
    ours.accept(version == TlsVersion::k13
                    ? workloads().price_context
                    : make_context(workloads().price, workloads().root.certificate, version));
    client.talk(ours.wire, world.scheduler);
    WOAD_ASSERT(ours.outcome.ready);
    ours.start();
    talk();
  }
  void talk() { client.talk(ours.wire, world.scheduler); }
  // What the client has to say, without an answer.
  void say() { ours.wire.send(client.take_output()); }

  World world;
  OneSide ours;
  OpensslPeer client;
};

// Our client and our server, joined by a wire that can cut what it carries into pieces.
struct BothSides {
  BothSides() : client(world), server(world) {}

  void begin() {
    client.connect(workloads().cart_context);
    server.accept(workloads().price_context);
  }
  // Carries bytes and FINs until nothing moves; `piece`: bytes a read.
  void carry(size_t piece = SIZE_MAX) {
    for (bool moved = true; moved;) {
      world.scheduler.end_turn();
      moved = carry_one_way(client.wire, server.wire, server_told_, piece);
      moved = carry_one_way(server.wire, client.wire, client_told_, piece) || moved;
      world.scheduler.end_turn();
      moved = moved || !client.wire.received().empty() || !server.wire.received().empty();
    }
  }
  void establish() {
    begin();
    carry();
    WOAD_ASSERT(client.outcome.ready && server.outcome.ready);
    client.start();
    server.start();
    carry();
  }

  World world;
  OneSide client;
  OneSide server;

 private:
  bool carry_one_way(MemoryPeer& from, MemoryPeer& to, bool& told, size_t piece) {
    const std::string bytes = from.take_received();
    if (piece == SIZE_MAX) {
      to.send(bytes);
    } else {
      to.send_in_pieces(bytes, piece);
    }
    if (from.saw_eof() && !std::exchange(told, true)) {
      to.send_eof();
      return true;
    }
    return !bytes.empty();
  }

  bool server_told_ = false;
  bool client_told_ = false;
};

}  // namespace woad::test
