#include <doctest/doctest.h>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

TEST_CASE("two sidecars know each other") {
  BothSides both;
  both.begin();
  both.carry();
  REQUIRE(both.client.outcome.ready);
  REQUIRE(both.server.outcome.ready);
  CHECK(both.client.outcome.events == 1);
  CHECK(both.server.outcome.events == 1);
  CHECK(both.client.outcome.ready->peer->id == kPriceId);
  CHECK(both.server.outcome.ready->peer->id == kCartId);
  CHECK(both.client.outcome.ready->alpn == "h2");
  CHECK(both.server.outcome.ready->alpn == "h2");
  both.world.advance(kHandshakeTimeout * 2);
  CHECK(both.client.outcome.events == 1);
}

TEST_CASE("a handshake in single bytes") {
  BothSides both;
  both.begin();
  both.carry(1);
  REQUIRE(both.client.outcome.ready);
  REQUIRE(both.server.outcome.ready);
}

TEST_CASE("a client that speaks no TLS") {
  for (const size_t piece : {size_t{1}, size_t{1000}}) {
    World world;
    OneSide refusing(world);
    refusing.accept(workloads().price_context);
    refusing.wire.send_in_pieces("GET /secret HTTP/1.1\r\n\r\n", piece);
    world.scheduler.end_turn();
    REQUIRE(refusing.outcome.error);
    CHECK(refusing.outcome.error->kind == TlsError::Kind::kProtocol);
    CHECK(refusing.outcome.why().starts_with("the client speaks no TLS, but \"G"));
    CHECK(refusing.wire.received().empty());
    CHECK(refusing.wire.closed());

    OneSide allowing(world);
    allowing.accept(workloads().price_context, server_options({alpn_wire({"h2"}), true}));
    allowing.wire.send_in_pieces("GET / HTTP/1.1\r\n", piece);
    REQUIRE(allowing.outcome.plaintext);
    CHECK(allowing.outcome.events == 1);
    allowing.outcome.plaintext->start(allowing.ear);
    world.scheduler.end_turn();
    allowing.wire.send("\r\n");
    CHECK(allowing.ear.received == "GET / HTTP/1.1\r\n\r\n");
  }
  World world;
  OneSide ours(world);
  ours.accept(workloads().price_context, server_options({alpn_wire({"h2", "http/1.1"}), true}));
  OpensslPeer client(client_of(workloads().cart));
  client.talk(ours.wire, world.scheduler);
  CHECK(ours.outcome.ready);
}

TEST_CASE("a server that speaks before TLS does") {
  World world;
  OneSide ours(world);
  ours.connect(workloads().cart_context);
  world.scheduler.end_turn();
  ours.wire.send("HTTP/1.1 200 OK\r\n\r\n");
  world.scheduler.end_turn();
  REQUIRE(ours.outcome.error);
  CHECK(ours.outcome.error->kind == TlsError::Kind::kProtocol);
  CHECK(ours.outcome.why() ==
        "the server speaks no TLS, but \"HTTP/1.1 200 OK\\x0d\\x0a\\x0d\\x0a\"");
}

TEST_CASE("a server that refuses at once is heard") {
  World world;
  OneSide ours(world);
  ours.connect(workloads().cart_context);
  world.scheduler.end_turn();
  ours.wire.send(std::string_view("\x15\x03\x03\x00\x02\x02\x28", 7));
  REQUIRE(ours.outcome.error);
  CHECK(ours.outcome.error->kind == TlsError::Kind::kAlert);
  CHECK(ours.outcome.why() == "the server refused with the alert handshake_failure (40)");
}

TEST_CASE("garbage that begins like TLS") {
  World world;
  OneSide ours(world);
  ours.accept(workloads().price_context);
  ours.wire.send(std::string_view("\x16\x03\x01\x00\x05hello", 10));
  world.scheduler.end_turn();
  REQUIRE(ours.outcome.error);
  CHECK(ours.outcome.error->kind == TlsError::Kind::kProtocol);
  CHECK(ours.wire.received().starts_with("\x15\x03"));  // an alert
  CHECK(ours.wire.closed());
}

TEST_CASE("handshakes that end by themselves") {
  World world;
  OneSide eof(world);
  eof.accept(workloads().price_context);
  eof.wire.send(std::string_view("\x16\x03\x01\x02\x00", 5));
  eof.wire.send_eof();
  REQUIRE(eof.outcome.error);
  CHECK(eof.outcome.error->kind == TlsError::Kind::kLost);
  CHECK(eof.outcome.why() == "closed during the TLS handshake");

  OneSide lost(world);
  lost.connect(workloads().cart_context);
  world.scheduler.end_turn();
  lost.wire.lose();
  REQUIRE(lost.outcome.error);
  CHECK(lost.outcome.error->kind == TlsError::Kind::kLost);
  CHECK(lost.outcome.why() == "lost during the TLS handshake: connection reset by peer");
  world.scheduler.end_turn();
  CHECK(lost.wire.closed());
}

TEST_CASE("the deadline, for a peer that says nothing and one that says little") {
  for (const bool says : {false, true}) {
    World world;
    OneSide ours(world);
    ours.accept(workloads().price_context);
    if (says) ours.wire.send("\x16");
    world.advance(kHandshakeTimeout - milliseconds(2));
    CHECK(ours.outcome.events == 0);
    if (says) ours.wire.send("\x03");
    world.advance(milliseconds(3));
    REQUIRE(ours.outcome.error);
    CHECK(ours.outcome.error->kind == TlsError::Kind::kTimeout);
    CHECK(ours.outcome.why() == "the TLS handshake was not done within 10000 ms");
    world.scheduler.end_turn();
    CHECK(ours.wire.closed());
  }
}

TEST_CASE("a handshake that is dropped closes its connection and is silent") {
  for (const bool serving : {true, false}) {
    World world;
    OneSide ours(world);
    if (serving) {
      ours.accept(workloads().price_context);
    } else {
      ours.connect(workloads().cart_context);
    }
    ours.handshake.reset();
    ours.wire.send(std::string_view("\x16\x03\x01\x00\x05hello", 10));
    world.advance(kHandshakeTimeout * 2);
    world.scheduler.end_turn();
    CHECK(ours.outcome.events == 0);
    CHECK(ours.wire.closed());
  }
}

// Drops the handshake, and the transport with it, in the callback.
class Dropping final : public TlsHandshakeSink {
 public:
  void on_tls(TlsReady) override { drop(); }
  void on_tls_failed(TlsError) override { drop(); }
  void on_plaintext(std::unique_ptr<Transport>) override { drop(); }

  std::unique_ptr<TlsHandshake> handshake;
  int events = 0;

 private:
  void drop() {
    ++events;
    handshake.reset();
  }
};

TEST_CASE("a handshake may be dropped in its own callback") {
  const auto accept = [](World& world, MemoryPeer& wire, Dropping& sink) {
    sink.handshake =
        accept_tls(world.scheduler, world.blocks, wire.connect(), workloads().price_context,
                   server_options({"", true}), kHandshakeTimeout, sink);
  };
  for (const std::string_view first : {"plain", "\x16\x03\x01\x01\x01zzzzzz"}) {
    World world;
    MemoryPeer wire(world.scheduler, world.blocks);
    Dropping sink;
    accept(world, wire, sink);
    wire.send(first);
    world.advance(kHandshakeTimeout * 2);
    world.scheduler.end_turn();
    CHECK(sink.events == 1);
    CHECK(wire.closed());
  }
  World world;
  MemoryPeer wire(world.scheduler, world.blocks);
  Dropping sink;
  accept(world, wire, sink);
  OpensslPeer client(client_of(workloads().cart));
  client.talk(wire, world.scheduler);
  CHECK(sink.events == 1);
  CHECK(wire.closed());
}

TEST_CASE("what comes right behind the handshake is not lost") {
  World world;
  OneSide ours(world);
  ours.accept(workloads().price_context);
  OpensslPeer client(client_of(workloads().cart));
  client.step();
  ours.wire.send(client.take_output());
  world.scheduler.end_turn();
  client.feed(ours.wire.take_received());
  client.step();
  REQUIRE(client.done());
  client.write("early ");
  client.write("words");
  client.close();
  ours.wire.send(client.take_output());
  REQUIRE(ours.outcome.ready);
  CHECK(ours.wire.reading_held());
  world.scheduler.end_turn();
  ours.start();
  CHECK(ours.ear.received.empty());  // never from inside start()
  world.scheduler.end_turn();
  CHECK(ours.ear.received == "early words");
  CHECK(ours.ear.eofs == 1);
  CHECK_FALSE(ours.wire.reading_held());
}

TEST_CASE("the sentence names the peer's address") {
  World world;
  MemoryPeer wire(world.scheduler, world.blocks);
  auto lower = wire.connect();
  static_cast<MemoryTransport&>(*lower).set_addresses(*Address::parse("10.0.0.1:4433"),
                                                      *Address::parse("10.0.0.2:9"));
  Outcome outcome;
  const auto handshake =
      accept_tls(world.scheduler, world.blocks, std::move(lower), workloads().price_context,
                 server_options(), kHandshakeTimeout, outcome);
  wire.send_eof();
  CHECK(outcome.why() == "10.0.0.1:4433: closed during the TLS handshake");
}

}  // namespace
}  // namespace woad::test
