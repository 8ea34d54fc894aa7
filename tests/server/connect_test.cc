// What comes inside a CONNECT, from the client's bytes to the service's.
#include "tests/net/tls/peer.h"
#include "tests/server/outbound_rig.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kServices = R"(services:
  price: { protocol: http1, endpoints: [ { address: 127.0.0.1:9001 } ] }
  db: { protocol: tcp, endpoints: [ { address: 127.0.0.1:9002 } ] }
  secure: { hosts: [secure.example], endpoints: [ { address: 127.0.0.1:9003 } ] }
)";
constexpr std::string_view kConnected = "HTTP/1.1 200 OK\r\n\r\n";
constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nhost: price\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

std::string connect_to(std::string_view authority) {
  return "CONNECT " + std::string(authority) + " HTTP/1.1\r\nhost: x\r\n\r\n";
}

// A client that has sent its CONNECT and heard the answer.
MemoryPeer& connected(OutboundRig& rig, std::string_view authority) {
  MemoryPeer& client = rig.client();
  client.send(connect_to(authority));
  rig.world.turn();
  CHECK(client.take_received() == kConnected);
  CHECK(rig.connections().size() == 2);
  return client;
}

std::string client_hello(std::string_view name) {
  OpensslPeer tls({.sni = std::string(name)});
  tls.step();
  return tls.take_output();
}

TEST_CASE("connect: requests inside, one behind the other") {
  OutboundRig rig(kServices);
  MemoryPeer& client = connected(rig, "price:80");
  CHECK(rig.dials() == 0);
  client.send(kGet);
  rig.world.turn();
  MemoryPeer& price = rig.accept(0);
  CHECK(rig.dialed(0) == "127.0.0.1:9001");
  CHECK(price.take_received().starts_with("GET /a HTTP/1.1\r\n"));
  price.send(kOk);
  rig.world.turn();
  CHECK(client.take_received().ends_with("\r\n\r\nok"));
  client.send("GET /b HTTP/1.1\r\nhost: nobody\r\n\r\n");
  rig.world.turn();
  CHECK(price.take_received().starts_with("GET /b HTTP/1.1\r\nhost: nobody\r\n"));
  CHECK(rig.dials() == 1);
}

TEST_CASE("connect: what stands behind the head is inside, however it comes") {
  for (const size_t piece : {1U, 2U, 30U, 1000U}) {
    CAPTURE(piece);
    OutboundRig rig(kServices);
    MemoryPeer& client = rig.client();
    client.send_in_pieces(connect_to("price:80") + std::string(kGet), piece);
    rig.world.turn();
    CHECK(client.take_received() == kConnected);
    CHECK(rig.accept(0).take_received().starts_with("GET /a HTTP/1.1\r\n"));
  }
}

TEST_CASE("connect: a service of opaque TCP is connected to at once") {
  OutboundRig rig(kServices);
  MemoryPeer& client = connected(rig, "db:5432");
  MemoryPeer& db = rig.accept(0);
  CHECK(rig.dialed(0) == "127.0.0.1:9002");
  db.send("220 ready");
  rig.world.turn();
  CHECK(client.take_received() == "220 ready");
  client.send(kGet);  // no request here
  rig.world.turn();
  CHECK(db.take_received() == kGet);
  db.send_eof();
  rig.world.turn();
  CHECK(client.saw_eof());
  client.send("last");
  client.send_eof();
  rig.world.turn();
  CHECK(db.take_received() == "last");
  CHECK(client.closed());
  CHECK(db.closed());
  CHECK_FALSE(client.was_reset());
  CHECK(rig.connections().empty());
}

TEST_CASE("connect: TLS goes by its name, or by the host of the CONNECT") {
  for (const auto& row :
       {std::pair{"10.0.0.1:443", "secure.example"}, std::pair{"secure.example:443", "nobody"},
        std::pair{"secure.example:443", ""}, std::pair{"price:443", "secure.example"}}) {
    const auto& [authority, name] = row;
    for (const size_t piece : {1U, 100'000U}) {
      CAPTURE(row.first);
      OutboundRig rig(kServices);
      MemoryPeer& client = connected(rig, authority);
      const std::string hello = client_hello(name);
      client.send_in_pieces(hello, piece);
      rig.world.turn();
      MemoryPeer& secure = rig.accept(0);
      CHECK(rig.dialed(0) == "127.0.0.1:9003");
      CHECK(secure.take_received() == hello);
    }
  }
}

TEST_CASE("connect: what leads nowhere is closed without a word") {
  OutboundRig rig(kServices);
  for (const std::string& bytes : {client_hello("nobody.example"), std::string("\1\2\3", 3)}) {
    MemoryPeer& client = connected(rig, "nobody.example:443");
    client.send(bytes);
    rig.world.turn();
    CHECK(client.received().empty());
    CHECK(client.closed());
    CHECK_FALSE(client.was_reset());
  }
  CHECK(rig.dials() == 0);
}

TEST_CASE("connect: who says nothing has until idle_timeout, who begins until header_timeout") {
  struct Case {
    std::string_view bytes;
    Duration closed_after;
  };
  const Case cases[] = {{"", minutes(5)},
                        {"GET /", seconds(10)},
                        {"PRI * HT", seconds(10)},
                        {std::string_view("\x16\3\1\2\0\1", 6), seconds(10)}};
  for (const Case& each : cases) {
    CAPTURE(each.bytes);
    OutboundRig rig(kServices);
    MemoryPeer& client = connected(rig, "price:80");
    client.send(each.bytes);
    rig.world.pass(each.closed_after - seconds(1));
    CHECK_FALSE(client.closed());
    rig.world.pass(seconds(2));
    CHECK(client.closed());
  }
}

TEST_CASE("connect: what is under way counts inside, and once") {
  OutboundRig rig(kServices);
  MemoryPeer& client = connected(rig, "price:80");
  const auto connections = rig.connections();
  CHECK_FALSE(connections[0]->active());
  CHECK_FALSE(connections[1]->active());
  CHECK_FALSE(connections[0]->inside_connect());
  CHECK(connections[1]->inside_connect());
  client.send(kGet);
  rig.world.turn();
  CHECK_FALSE(connections[0]->active());
  CHECK(connections[1]->active());
}

TEST_CASE("connect: the end of either side is the end of both") {
  OutboundRig rig(kServices);
  MemoryPeer& client = connected(rig, "price:80");
  client.send(kGet);
  rig.world.turn();
  MemoryPeer& price = rig.accept(0);
  SUBCASE("the client is lost") {
    client.lose();
    rig.world.turn();
    CHECK(price.closed());
  }
  SUBCASE("the worker stops") {
    for (DownstreamConnection* each : rig.connections()) each->abort("woad is shutting down");
    rig.world.turn();
    CHECK(client.closed());
  }
  SUBCASE("the client wants it closed") {
    price.send(kOk);
    rig.world.turn();
    client.send("GET /b HTTP/1.1\r\nhost: price\r\nconnection: close\r\n\r\n");
    rig.world.turn();
    price.send(kOk);
    rig.world.turn();
    CHECK(client.received().ends_with("\r\n\r\nok"));
    CHECK(client.closed());
    CHECK_FALSE(client.was_reset());
  }
  SUBCASE("the client has ended") {
    price.send(kOk);
    rig.world.turn();
    client.send_eof();
    rig.world.turn();
    CHECK(client.closed());
  }
  SUBCASE("a drain ends what is inside when it is idle") {
    price.send(kOk);
    rig.world.turn();
    for (DownstreamConnection* each : rig.connections()) each->drain();
    rig.world.turn();
    CHECK(client.closed());
  }
  CHECK(rig.connections().empty());
}

TEST_CASE("connect: a slow client holds the service back, and a slow service the client") {
  OutboundRig rig(kServices);
  MemoryPeer& client = connected(rig, "db:1");
  MemoryPeer& db = rig.accept(0);
  const std::string piece(60'000, 'x');
  client.accept(0);
  size_t sent = 0;
  while (!db.reading_held() && sent < 10'000'000) {
    db.send(piece);
    rig.world.turn();
    sent += piece.size();
  }
  CHECK(sent < 1'000'000);
  client.accept(SIZE_MAX);
  rig.world.turn();
  db.pump();
  rig.world.turn();
  CHECK_FALSE(db.reading_held());
  CHECK(client.take_received().size() == sent);
  db.accept(0);
  sent = 0;
  while (!client.reading_held() && sent < 10'000'000) {
    client.send(piece);
    rig.world.turn();
    sent += piece.size();
  }
  CHECK(sent < 1'000'000);
  db.accept(SIZE_MAX);
  rig.world.turn();
  client.pump();
  rig.world.turn();
  CHECK(db.take_received().size() == sent);
}

}  // namespace
