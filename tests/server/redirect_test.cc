// Redirected connections: where they go, and who speaks first.
#include "tests/server/inbound_rig.h"
#include "tests/server/outbound_rig.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nhost: elsewhere\r\n\r\n";
constexpr std::string_view kServices =
    "services:\n"
    "  price: { endpoints: [ { address: 10.0.0.1:80 }, { address: 10.0.0.2:80 } ] }\n"
    "  db: { protocol: tcp, hosts: [db, 10.96.0.7], endpoints: [ { address: 10.0.0.9:3306 } ] }\n"
    "  api: { hosts: [api.example], external: true, tls: { mode: \"off\" },\n"
    "         endpoints: [ { address: 10.0.0.8:443 } ] }\n";

// The beginning of a ClientHello that asks for `db` (RFC 8446 section 4.1.2).
std::string hello_for(std::string_view name) {
  const auto u16 = [](size_t value) {
    return std::string{static_cast<char>(value >> 8), static_cast<char>(value)};
  };
  const std::string entry = std::string(1, '\0') + u16(name.size()) + std::string(name);
  const std::string list = u16(entry.size()) + entry;
  const std::string extensions = u16(0) + u16(list.size()) + list;
  const std::string body = "\x03\x03" + std::string(32, 'r') + std::string(1, '\0') + u16(2) +
                           "\x13\x01" + "\x01" + std::string(1, '\0') + u16(extensions.size()) +
                           extensions;
  const std::string message = "\x01" + std::string(1, '\0') + u16(body.size()) + body;
  return "\x16\x03\x01" + u16(message.size()) + message;
}

TEST_CASE("redirect: who the first bytes of the app lead to") {
  struct Case {
    std::string_view what;
    std::string_view original;
    std::string first;
    std::string_view dialed;  // "": nobody
    std::string_view unmatched;
  };
  const std::string host_price = "GET / HTTP/1.1\r\nhost: price\r\n\r\n";
  const std::string bytes("\0\1\2", 3);
  for (const Case& each : {
           Case{"a host that a service has", "10.9.9.9:80", host_price, "10.0.0.", "passthrough"},
           Case{"nobody's host", "10.9.9.9:80", std::string(kGet), "10.9.9.9:80", "passthrough"},
           Case{"nobody's host", "10.9.9.9:80", std::string(kGet), "", "reject"},
           Case{"an endpoint's address", "10.0.0.2:80", std::string(kGet), "10.0.0.2:80", "reject"},
           Case{"its host, another port", "10.0.0.2:81", std::string(kGet), "10.0.0.2:81",
                "passthrough"},
           Case{"opaque bytes", "10.9.9.9:70", bytes, "10.9.9.9:70", "passthrough"},
           Case{"opaque bytes", "10.9.9.9:70", bytes, "", "reject"},
           Case{"opaque bytes to an endpoint", "10.0.0.9:3306", bytes, "10.0.0.9:3306", "reject"},
           Case{"opaque bytes to a listed host", "10.96.0.7:3306", bytes, "10.0.0.9:3306",
                "reject"},
           Case{"HTTP to an endpoint of bytes, whoever its host is", "10.0.0.9:3306", host_price,
                "10.0.0.9:3306", "reject"},
           Case{"HTTP to a listed host of bytes", "10.96.0.7:3306", std::string(kGet),
                "10.0.0.9:3306", "reject"},
           Case{"HTTP/2 to an endpoint of bytes", "10.0.0.9:3306",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "10.0.0.9:3306", "passthrough"},
           Case{"TLS to an endpoint of bytes: by its name alone", "10.0.0.9:3306",
                hello_for("other"), "10.0.0.9:3306", "passthrough"},
           Case{"TLS by its name", "10.9.9.9:443", hello_for("db"), "10.0.0.9:3306", "reject"},
           Case{"TLS to a service of HTTP", "10.9.9.9:443", hello_for("api.example"),
                "10.9.9.9:443", "passthrough"},
           Case{"TLS to nobody", "10.9.9.9:443", hello_for("other"), "", "reject"},
           Case{"the CONNECT of another proxy", "10.9.9.9:3128",
                "CONNECT price:80 HTTP/1.1\r\nhost: price:80\r\n\r\n", "10.9.9.9:3128",
                "passthrough"},
       }) {
    CAPTURE(each.what);
    CAPTURE(each.unmatched);
    OutboundRig rig(kServices, ", redirect: true, unmatched: " + std::string(each.unmatched));
    MemoryPeer& client = rig.redirected(each.original);
    client.send(each.first);
    rig.world.turn();
    CHECK(rig.dials() == (each.dialed.empty() ? 0U : 1U));
    if (rig.dials() == 0) {
      const bool http = each.first.starts_with("GET");
      CHECK((http ? client.received().find("no_route") != std::string::npos : client.closed()));
      continue;
    }
    CHECK(rig.dialed(0).starts_with(each.dialed));
    MemoryPeer& server = rig.accept(0);
    CHECK(server.received().find(each.first.substr(0, 3)) == 0);
  }
}

TEST_CASE("redirect: who names no host goes to the address that was called, which it then names") {
  OutboundRig rig(kServices, ", redirect: true");
  MemoryPeer& client = rig.redirected("10.0.0.2:80");
  client.send("GET / HTTP/1.0\r\n\r\n");
  rig.world.turn();
  REQUIRE(rig.dials() == 1);
  CHECK(rig.dialed(0) == "10.0.0.2:80");
  const std::string asked = rig.accept(0).received();
  CHECK_MESSAGE(asked.find("ost: 10.0.0.2:80\r\n") != std::string::npos, asked);
}

TEST_CASE("redirect: the server of a silent client speaks first") {
  OutboundRig rig(kServices, ", redirect: true");
  MemoryPeer& client = rig.redirected("10.9.9.9:25");
  rig.world.turn();
  CHECK(rig.dials() == 0);
  rig.world.pass(ServerFirst::kSilence);
  REQUIRE(rig.dials() == 1);
  MemoryPeer& server = rig.accept(0);
  server.send("220 ready");
  rig.world.turn();
  CHECK(client.take_received() == "220 ready");
  client.send("QUIT");
  rig.world.turn();
  CHECK(server.take_received() == "QUIT");
  server.send_eof();
  rig.world.turn();
  CHECK(client.saw_eof());
  CHECK(rig.dials() == 1);
}

TEST_CASE("redirect: a silent client that speaks HTTP in the end") {
  OutboundRig rig(kServices, ", redirect: true");
  MemoryPeer& client = rig.redirected("10.9.9.9:80");
  rig.world.pass(ServerFirst::kSilence);
  MemoryPeer& server = rig.accept(0);
  client.send(kGet);
  rig.world.turn();
  CHECK(rig.dials() == 1);  // the connection that was there is used
  CHECK(server.received().starts_with("GET / HTTP/1.1"));
}

TEST_CASE("redirect: a server that speaks while the client begins is not asked in HTTP") {
  OutboundRig rig(kServices, ", redirect: true");
  MemoryPeer& client = rig.redirected("10.9.9.9:80");
  rig.world.pass(ServerFirst::kSilence);
  MemoryPeer& server = rig.accept(0);
  client.send(kGet.substr(0, 6));
  server.send("220 ready");
  client.send(kGet.substr(6));
  rig.world.turn();
  REQUIRE(rig.dials() == 2);
  CHECK(rig.accept(1).received().starts_with("GET / HTTP/1.1"));
}

TEST_CASE("redirect: a silent client that ends, and one whose server is not there") {
  OutboundRig rig(kServices, ", redirect: true");
  MemoryPeer& ended = rig.redirected("10.9.9.9:7");
  ended.send_eof();
  rig.world.turn();
  REQUIRE(rig.dials() == 1);
  MemoryPeer& server = rig.accept(0);
  CHECK(server.saw_eof());
  server.send("answer");
  rig.world.turn();
  CHECK(ended.received() == "answer");

  MemoryPeer& waits = rig.redirected("10.9.9.9:8");
  rig.world.pass(ServerFirst::kSilence);
  REQUIRE(rig.dials() == 2);
  rig.world.dialer.fail(1);
  rig.world.turn();
  CHECK(waits.closed());
  CHECK(waits.was_reset());
}

TEST_CASE("redirect: opaque bytes whose server refuses, and those that nobody has") {
  OutboundRig rig(kServices, ", redirect: true");
  MemoryPeer& spoke = rig.redirected("10.9.9.9:70");
  spoke.send("\x01");
  rig.world.turn();
  REQUIRE(rig.dials() == 1);
  rig.world.dialer.fail(0);
  rig.world.turn();
  CHECK(spoke.was_reset());

  OutboundRig rejects(kServices, ", redirect: true, unmatched: reject");
  MemoryPeer& nobody = rejects.redirected("10.9.9.9:70");
  nobody.send("\x01");
  rejects.world.turn();
  CHECK(nobody.closed());
  CHECK(!nobody.was_reset());
}

TEST_CASE("redirect: nothing is dialed for a silent client under reject") {
  OutboundRig rig(kServices, ", redirect: true, unmatched: reject");
  rig.redirected("10.9.9.9:25");
  rig.world.pass(seconds(2));
  CHECK(rig.dials() == 0);
}

TEST_CASE("redirect: opaque ports are relayed at once") {
  OutboundRig rig(kServices, ", redirect: true, opaque_ports: [25]");
  rig.redirected("10.9.9.9:25");
  rig.world.turn();
  CHECK(rig.dials() == 1);
}

TEST_CASE("redirect: the app at the port that was called") {
  InboundRig rig("mtls: \"off\", redirect: true");
  MemoryPeer& http = rig.redirected("10.0.0.5:9090");
  http.send("GET / HTTP/1.1\r\nhost: price\r\n\r\n");
  rig.world.turn();
  REQUIRE(rig.dials() == 1);
  CHECK(rig.world.dialer.calls[0].address == "127.0.0.1:9090");

  rig.redirected("10.0.0.5:3306");
  rig.world.pass(ServerFirst::kSilence);
  REQUIRE(rig.dials() == 2);
  CHECK(rig.world.dialer.calls[1].address == "127.0.0.1:3306");

  rig.client().send("GET / HTTP/1.1\r\nhost: price\r\n\r\n");
  rig.world.turn();
  REQUIRE(rig.dials() == 3);
  CHECK(rig.world.dialer.calls[2].address == "127.0.0.1:8080");
}

TEST_CASE("redirect: plaintext whose server speaks first") {
  InboundRig rig("mtls: permissive, redirect: true");
  MemoryPeer& client = rig.redirected("10.0.0.5:25");
  rig.world.pass(ServerFirst::kSilence);
  REQUIRE(rig.dials() == 1);
  rig.app().send("220 ready");
  rig.world.turn();
  CHECK(client.received() == "220 ready");

  InboundRig strict("mtls: strict, redirect: true");
  strict.redirected("10.0.0.5:25");
  strict.world.pass(seconds(2));
  CHECK(strict.dials() == 0);
}

// Whatever a lenient server would read as HTTP is refused as bad HTTP, not relayed.
TEST_CASE("redirect: HTTP cannot pass the filters as opaque bytes") {
  for (const std::string_view first :
       {"get / HTTP/1.1\r\n\r\n", "GET\t/admin HTTP/1.1\r\n\r\n", "\n\nGET /admin HTTP/1.1\r\n\r\n",
        " GET /admin HTTP/1.1\r\n\r\n", "GET /admin\r\n", "G@T /admin http/1.1\r\n\r\n"}) {
    CAPTURE(first);
    InboundRig rig("mtls: \"off\", redirect: true");
    MemoryPeer& client = rig.redirected("10.0.0.5:8080");
    client.send(first);
    rig.world.turn();
    CHECK(rig.dials() == 0);
    CHECK(client.received().starts_with("HTTP/1.1 "));
  }
}

}  // namespace
