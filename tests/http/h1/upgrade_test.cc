// Upgrades and the tunnels behind them, at both codecs.
#include <doctest/doctest.h>

#include "tests/http/h1/harness.h"

using namespace woad;
using namespace woad::h1::testing;

namespace {

std::string upgrade_request(std::string_view more) {
  return "GET /chat HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

void switch_protocols(ServerStream& stream) {
  ResponseHead head(stream.place());
  head.status = 101;
  head.upgrade = "websocket";
  stream.writer->write_head(head, false, false);
}

ClientStream& ask_upgrade(ClientHarness& client) {
  ClientStream& stream = client.open();
  stream.head.method_name = "GET";
  stream.head.authority = "up";
  stream.head.path = "/chat";
  stream.head.upgrade = "websocket";
  stream.writer->write_head(stream.head, true);
  client.settle();
  return stream;
}

}  // namespace

TEST_CASE("which upgrades are passed on") {
  const struct {
    const char* fields;
    const char* upgrade;
  } kCases[] = {
      {"Connection: Upgrade\r\nUpgrade: websocket\r\n", "websocket"},
      {"Upgrade: websocket\r\nConnection: keep-alive, upgrade\r\n", "websocket"},
      {"Upgrade: websocket\r\n", ""},
      {"Connection: upgrade\r\n", ""},
      {"Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n", ""},
      {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: H2C\r\nHTTP2-Settings: AAAA\r\n", ""},
      {"Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n", ""},
      {"Connection: upgrade\r\nUpgrade: TLS/1.0\r\n", ""},
      {"Connection: upgrade\r\nUpgrade: websocket, h2c\r\n", "websocket"},
      {"Connection: upgrade\r\nUpgrade: h2c, websocket\r\n", "websocket"},
      {"Connection: upgrade\r\nUpgrade: ,HTTP/2.0, a/1 ,, TLS/1.2,b\r\n", "a/1,b"},
      {"Connection: upgrade\r\nUpgrade: h2c, h2\r\n", ""},
      {"Connection: upgrade\r\nUpgrade:\r\n", ""},
      {"Connection: upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n", ""},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.fields);
    ServerHarness server({}, false);
    server.peer.send(upgrade_request(test.fields));
    REQUIRE(server.streams.size() == 1);
    CHECK(server.last().head->upgrade == test.upgrade);
    CHECK(server.last().head->headers.empty());
  }
  ServerHarness with_body;
  with_body.peer.send(
      "POST / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Content-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  with_body.settle();
  REQUIRE(with_body.streams.size() == 2);
  CHECK(with_body.streams[0]->log.text() == "POST / @h length=3 | abc | end");
  CHECK(with_body.streams[1]->log.text() == "GET /2 @h | end");
}

TEST_CASE("bytes behind an upgrade wait for the 101") {
  ServerHarness server({}, false);
  server.peer.send(upgrade_request("Connection: upgrade\r\nUpgrade: websocket\r\n") + "early");
  server.settle();
  ServerStream& stream = server.last();
  CHECK(stream.body.empty());
  CHECK(server.peer.held(Hold::kPipeline));
  switch_protocols(stream);
  CHECK(stream.body.empty());
  server.settle();
  CHECK(stream.body == "early");
  CHECK(!server.peer.reading_held());
  CHECK(server.peer.take_received() ==
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
  server.peer.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(stream.body == "earlyGET / HTTP/1.1\r\n\r\n");
  CHECK(server.streams.size() == 1);
  stream.write("hello", false);
  server.settle();
  CHECK(server.peer.take_received() == "hello");
  stream.write("bye", true);
  server.settle();
  CHECK(server.peer.received() == "bye");
  CHECK(server.peer.saw_eof());
  CHECK(!server.peer.closed());
  server.peer.send("still");
  server.peer.send_eof();
  CHECK(stream.log.text().ends_with("still | end"));
  stream.release();
  server.settle();
  CHECK(server.done);
}

TEST_CASE("an upgrade that is refused") {
  for (const bool hoped : {false, true}) {
    ServerHarness server({}, false);
    server.peer.send(upgrade_request("Connection: upgrade\r\nUpgrade: websocket\r\n") +
                     (hoped ? "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n" : ""));
    server.last().answer(200, "no");
    server.settle();
    CHECK(server.streams.size() == 1);
    CHECK(server.done);
  }
}

TEST_CASE("a client closes its side before the 101") {
  ServerHarness server({}, false);
  server.peer.send(upgrade_request("Connection: upgrade\r\nUpgrade: websocket\r\n"));
  server.peer.send_eof();
  switch_protocols(server.last());
  server.settle();
  CHECK(server.last().log.text().ends_with(" | end | end"));
  CHECK(!server.done);
}

TEST_CASE("an upstream's 101") {
  const struct {
    std::string name;
    bool asked;
    const char* answer;
    const char* log;
  } kCases[] = {
      {"asked", true, "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nhi",
       "101 upgrade=WebSocket"},
      {"not asked", false, "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
       "reset(protocol error: the upstream switches protocols without being asked to)"},
      {"other protocol", true, "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
       "reset(protocol error: the upstream switches protocols without being asked to)"},
      {"no Upgrade", true, "HTTP/1.1 101 X\r\n\r\n",
       "reset(protocol error: the upstream switches protocols without being asked to)"},
      {"200 instead", true,
       "HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
       "Content-Length: 2\r\n\r\nno",
       "200 length=2 | no | end"},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.name);
    ClientHarness client;
    ClientStream& stream = test.asked ? ask_upgrade(client) : client.ask();
    client.peer.send(test.answer);
    CHECK(stream.log.text() == test.log);
  }
}

TEST_CASE("a tunnel to an upstream") {
  ClientHarness client;
  ClientStream& stream = ask_upgrade(client);
  CHECK(client.peer.take_received() ==
        "GET /chat HTTP/1.1\r\nhost: up\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
  client.peer.send("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhi");
  CHECK(stream.log.open_body() == "hi");
  client.write(stream, "raw", false);
  client.settle();
  CHECK(client.peer.take_received() == "raw");
  client.peer.send_eof();
  CHECK(stream.log.text() == "101 upgrade=websocket | hi | end");
}

namespace {

void connect(ServerStream& stream) {
  const ResponseHead head(stream.place());
  stream.writer->write_head(head, false, false);
}

}  // namespace

TEST_CASE("CONNECT: the forms of its head") {
  const struct {
    const char* head;
    const char* request;
  } kCases[] = {
      {"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", "CONNECT  @h:443"},
      {"CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "CONNECT  @[::1]:80"},
      {"CONNECT h:1 HTTP/1.1\r\nHost: proxy:3128\r\n\r\n", "CONNECT  @h:1"},
      {"CONNECT h:1 HTTP/1.0\r\n\r\n", "CONNECT  @h:1 1.0"},
      {"CONNECT h:1 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
       "CONNECT  @h:1 length=0"},
      {"CONNECT h:1 HTTP/1.1\r\nHost: h\r\nProxy-Connection: close\r\nConnection: close\r\n\r\n",
       "CONNECT  @h:1"},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.head);
    ServerHarness server({}, false);
    server.peer.send(test.head);
    REQUIRE(server.streams.size() == 1);
    CHECK(server.last().log.text() == test.request);
    connect(server.last());
    server.settle();
    CHECK(server.peer.take_received() == "HTTP/1.1 200 OK\r\n\r\n");
    server.peer.send("up");
    CHECK(server.last().body == "up");
    CHECK_FALSE(server.done);
  }
}

TEST_CASE("CONNECT: bytes behind it wait for the 200, and are no request") {
  ServerHarness server({}, false);
  server.peer.send("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  server.settle();
  ServerStream& stream = server.last();
  CHECK(stream.body.empty());
  CHECK(server.peer.held(Hold::kPipeline));
  connect(stream);
  server.settle();
  CHECK(stream.body == "GET / HTTP/1.1\r\n\r\n");
  CHECK(server.streams.size() == 1);
  stream.write("down", true);
  server.peer.send_eof();
  CHECK(stream.log.text().ends_with("GET / HTTP/1.1\r\n\r\n | end"));
  stream.release();
  server.settle();
  CHECK(server.peer.received().ends_with("\r\n\r\ndown"));
  CHECK(server.done);
  CHECK_FALSE(server.peer.was_reset());
}

TEST_CASE("CONNECT: refused, the connection ends, whatever stands behind") {
  for (const int status : {302, 405, 503}) {
    ServerHarness server({}, false);
    server.peer.send("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    server.last().answer(status, "no");
    server.settle();
    CHECK(server.streams.size() == 1);
    CHECK(server.peer.received().find("connection: close\r\n") != std::string::npos);
    CHECK(server.peer.received().find("content-length: 2\r\n") != std::string::npos);
    CHECK(server.done);
  }
}

TEST_CASE("CONNECT: what was cut is reset") {
  ServerHarness server({}, false);
  server.peer.send("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n");
  connect(server.last());
  server.settle();
  server.last().release(ResetReason::kTunnelLost);
  server.settle();
  CHECK(server.done);
  CHECK(server.peer.was_reset());
}
