// What is negotiated: versions, ciphers, names, protocols.
#include <doctest/doctest.h>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

constexpr int kTls11 = 0x0302;
constexpr int kTls12 = 0x0303;

TEST_CASE("what our server says in a handshake") {
  World world;
  OneSide ours(world);
  ours.accept(workloads().price_context);
  OpensslPeer client(client_of(workloads().cart));
  client.talk(ours.wire, world.scheduler);
  REQUIRE(ours.outcome.ready);
  CHECK(client.version() == "TLSv1.3");
  CHECK(client.cipher() == "TLS_AES_128_GCM_SHA256");
  CHECK(client.group() == "x25519");
  CHECK(client.alpn() == "h2");
  CHECK(client.authority_names() <= 0);
  CHECK_FALSE(client.was_offered_resumption());
}

TEST_CASE("what our client says in a handshake") {
  World world;
  OneSide ours(world);
  ours.connect(workloads().cart_context);
  OpensslPeer server(server_of(workloads().price));
  server.talk(ours.wire, world.scheduler);
  REQUIRE(ours.outcome.ready);
  CHECK(ours.outcome.ready->alpn == "http/1.1");
  CHECK(server.version() == "TLSv1.3");
  CHECK(server.sni() == "price");
  CHECK(server.peer_showed_certificate());
}

TEST_CASE("an address is never sent as SNI") {
  for (const std::string name : {"10.0.0.1", "::1", ""}) {
    World world;
    OneSide ours(world);
    ours.connect(workloads().cart_context, client_options({name, {}, {}, {}}));
    OpensslPeer server(server_of(workloads().price));
    server.talk(ours.wire, world.scheduler);
    REQUIRE(ours.outcome.ready);
    CHECK(server.sni().empty());
    CHECK(ours.outcome.ready->alpn.empty());
  }
}

TEST_CASE("ALPN") {
  struct Case {
    std::string client;
    std::string server;
    std::string agreed;
    int alert;
  };
  const Case cases[] = {
      {alpn_wire({"h2", "http/1.1"}), alpn_wire({"h2", "http/1.1"}), "h2", -1},
      {alpn_wire({"http/1.1", "h2"}), alpn_wire({"h2", "http/1.1"}), "h2", -1},
      {alpn_wire({"http/1.1"}), alpn_wire({"h2", "http/1.1"}), "http/1.1", -1},
      {"", alpn_wire({"h2", "http/1.1"}), "", -1},
      {alpn_wire({"h2"}), "", "", -1},
      {alpn_wire({"http/1.0", "spdy/3"}), alpn_wire({"h2", "http/1.1"}), "", 120},
  };
  for (const Case& each : cases) {
    CAPTURE(each.client);
    World world;
    OneSide ours(world);
    ours.accept(workloads().price_context, server_options({each.server, false}));
    OpensslPeer::Settings settings = client_of(workloads().cart);
    settings.alpn = each.client;
    OpensslPeer client(settings);
    client.talk(ours.wire, world.scheduler);
    CHECK(client.alert_received == each.alert);
    if (each.alert >= 0) {
      REQUIRE(ours.outcome.error);
      CHECK(ours.outcome.why() == "the client offers none of our protocols (h2, http/1.1)");
      continue;
    }
    REQUIRE(ours.outcome.ready);
    CHECK(ours.outcome.ready->alpn == each.agreed);
    CHECK(client.alpn() == each.agreed);
  }
}

TEST_CASE("a server that chooses what was not offered") {
  World world;
  OneSide ours(world);
  ours.connect(workloads().cart_context);
  OpensslPeer::Settings settings = server_of(workloads().price);
  settings.picks = "h3";
  OpensslPeer server(settings);
  server.talk(ours.wire, world.scheduler);
  REQUIRE(ours.outcome.error);
  CHECK(ours.outcome.error->kind == TlsError::Kind::kProtocol);
  CHECK(ours.outcome.why() == "TLS with the server failed: bad extension");
  CHECK(server.alert_received == 50);
}

TEST_CASE("versions and ciphers") {
  struct Case {
    std::string name;
    TlsVersion ours;
    int theirs;
    std::string ciphers;
    int alert;
    std::string words;
  };
  const Case cases[] = {
      {"1.2 where 1.3 is wanted", TlsVersion::k13, kTls12, "", 70, "unsupported protocol"},
      {"1.1", TlsVersion::k12, kTls11, "", 70, "unsupported protocol"},
      {"1.2 where it may be", TlsVersion::k12, kTls12, "", -1, ""},
      {"ChaCha20", TlsVersion::k12, kTls12, "ECDHE+CHACHA20", -1, ""},
      {"CBC", TlsVersion::k12, kTls12, "ECDHE-ECDSA-AES128-SHA256", 40, "no shared cipher"},
      {"no forward secrecy", TlsVersion::k12, kTls12, "AES128-GCM-SHA256", 40, "no shared cipher"},
      {"no encryption", TlsVersion::k12, kTls12, "ECDHE-ECDSA-NULL-SHA", 40, "no shared cipher"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    World world;
    OneSide ours(world);
    ours.accept(make_context(workloads().price, workloads().root.certificate, each.ours));
    OpensslPeer::Settings settings = client_of(workloads().cart);
    settings.max_version = each.theirs;
    settings.ciphers = each.ciphers.empty() ? "" : each.ciphers + ":@SECLEVEL=0";
    OpensslPeer client(settings);
    client.talk(ours.wire, world.scheduler);
    CHECK(client.alert_received == each.alert);
    if (each.alert < 0) {
      REQUIRE(ours.outcome.ready);
      CHECK(ours.outcome.ready->peer->id == kCartId);
    } else {
      REQUIRE(ours.outcome.error);
      CHECK(ours.outcome.error->kind == TlsError::Kind::kProtocol);
      CHECK(ours.outcome.why() == "TLS with the client failed: " + each.words);
    }
  }
}

TEST_CASE("groups") {
  struct Case {
    std::string theirs;
    std::string agreed;  // "": refused
  };
  const Case cases[] = {{"X25519", "x25519"},   {"P-256", "secp256r1"},
                        {"P-384", "secp384r1"}, {"P-521:X25519", "x25519"},  // asked to try again
                        {"P-521", ""},          {"X448", ""},
                        {"ffdhe2048", ""}};
  for (const Case& each : cases) {
    CAPTURE(each.theirs);
    World world;
    OneSide ours(world);
    ours.accept(workloads().price_context);
    OpensslPeer::Settings settings = client_of(workloads().cart);
    settings.groups = each.theirs;
    OpensslPeer client(settings);
    client.talk(ours.wire, world.scheduler);
    CHECK(ours.outcome.ready.has_value() == !each.agreed.empty());
    if (ours.outcome.ready) {
      CHECK(client.group() == each.agreed);
    } else {
      CHECK(client.alert_received == 40);
    }
  }
}

TEST_CASE("TLS 1.2: our client does not renegotiate either") {
  World world;
  OneSide ours(world);
  ours.connect(make_context(workloads().cart, workloads().root.certificate, TlsVersion::k12));
  OpensslPeer::Settings settings = server_of(workloads().price);
  settings.max_version = kTls12;
  OpensslPeer server(settings);
  server.talk(ours.wire, world.scheduler);
  REQUIRE(ours.outcome.ready);
  ours.start();
  server.renegotiate();
  server.talk(ours.wire, world.scheduler);
  CHECK(server.alert_received == 100);  // no_renegotiation
}

TEST_CASE("TLS 1.2: no renegotiation, no resumption") {
  World world;
  OneSide ours(world);
  ours.accept(make_context(workloads().price, workloads().root.certificate, TlsVersion::k12));
  OpensslPeer::Settings settings = client_of(workloads().cart);
  settings.max_version = kTls12;
  OpensslPeer client(settings);
  client.talk(ours.wire, world.scheduler);
  REQUIRE(ours.outcome.ready);
  CHECK(client.version() == "TLSv1.2");
  CHECK_FALSE(client.was_offered_resumption());
  ours.start();
  client.write("before ");
  client.renegotiate();
  client.talk(ours.wire, world.scheduler);
  CHECK(client.alert_received == 100);  // no_renegotiation
  CHECK(client.failed());
  CHECK(ours.ear.received == "before ");
}

}  // namespace
}  // namespace woad::test
