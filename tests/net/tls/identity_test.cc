// Who is at the other end, and whether that is enough.
#include <doctest/doctest.h>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

TEST_CASE("a server that is somebody else, though of our mesh") {
  const auto options = client_options(
      {"price", {}, [](std::string_view id) { return id == kPriceId; }, std::string(kPriceId)});
  const TlsContext::Ptr context = make_context(workloads().cart, workloads().root.certificate);
  const auto call = [&](const Issued& answers, int alert) {
    World world;
    OneSide ours(world);
    ours.connect(context, options);
    OpensslPeer server(server_of(answers));
    server.talk(ours.wire, world.scheduler);
    CHECK(server.alert_received == alert);
    return ours.outcome.why();
  };
  const std::string refusal = "the server's certificate was refused: its id " +
                              std::string(kCartId) + " is not the expected " +
                              std::string(kPriceId);
  CHECK(call(workloads().price, -1).empty());
  CHECK(call(workloads().cart, 42) == refusal);
  CHECK(call(workloads().cart, 42) == refusal);  // its chain is known by now
  CHECK(context->peer_counts().cached == 1);
  CHECK(call(workloads().price, -1).empty());
  CHECK(context->peer_counts().cached == 2);
  CHECK(context->peer_counts().verified == 2);
}

TEST_CASE("a known peer is judged again by time, and a new context knows nobody") {
  CertificateSpec spec = leaf_spec(kCartId);
  spec.ends = hours(1);
  const Issued leaf = issue(spec, &workloads().root);
  const TlsContext::Ptr context = make_context(workloads().price, workloads().root.certificate);
  const auto call = [&](const TlsContext::Ptr& with, Duration later) {
    World world;
    world.scheduler.set_wall(kCertificateNow + later);
    OneSide ours(world);
    ours.accept(with);
    OpensslPeer client(client_of(leaf));
    client.talk(ours.wire, world.scheduler);
    return ours.outcome.why();
  };
  CHECK(call(context, Duration(0)).empty());
  CHECK(call(context, hours(1) + seconds(60)).empty());
  CHECK(context->peer_counts().cached == 1);
  CHECK(call(context, hours(1) + seconds(61)).find("it expired at") != std::string::npos);
  CHECK(call(context, -hours(1) - seconds(61)).find("not valid before") != std::string::npos);
  CHECK(context->peer_counts().cached == 1);
  CHECK(call(context, Duration(0)).empty());
  CHECK(context->peer_counts().cached == 2);

  // The next epoch trusts another root.
  const Issued other = issue(ca_spec("other"));
  const Issued price = issue(leaf_spec(kPriceId), &other);
  const TlsContext::Ptr next = make_context(price, other.certificate);
  CHECK(call(next, Duration(0)).find("issuer is missing") != std::string::npos);
}

TEST_CASE("a server's certificate is not remembered for a client's") {
  CertificateSpec spec = leaf_spec(kCartId);
  spec.extended_key_usage = "serverAuth";
  const Issued leaf = issue(spec, &workloads().root);
  const TlsContext::Ptr context = make_context(workloads().price, workloads().root.certificate);
  World world;
  OneSide calling(world);
  calling.connect(context);
  OpensslPeer server(server_of(leaf));
  server.talk(calling.wire, world.scheduler);
  CHECK(calling.outcome.ready);
  OneSide called(world);
  called.accept(context);
  OpensslPeer client(client_of(leaf));
  client.talk(called.wire, world.scheduler);
  CHECK(called.outcome.why().find("lacks clientAuth") != std::string::npos);
}

// A client without identity: the server's name is what counts.
struct NameCase {
  std::string name;
  std::string called;
  std::vector<std::string> dns;
  std::string common_name;
  std::string why;  // "": good
};

TEST_CASE("mode tls: the server proves its name, and we show nothing") {
  const TlsContext::Ptr context =
      sure(TlsContext::make(sure(TlsMaterial::trust(pem("ca.crt", workloads().root.certificate)))));
  const NameCase cases[] = {
      {"the name", "api.example", {"www.example", "api.example"}, "x", ""},
      {"a wildcard", "api.example.org", {"*.example.org"}, "x", ""},
      {"a wildcard in part of a label", "api.example.org", {"a*.example.org"}, "x", "is not for"},
      {"another name",
       "api.example",
       {"www.example"},
       "x",
       "it is not for the name that was called; its names: \"www.example\""},
      {"the common name alone", "api.example", {}, "api.example", "its names: none"},
      {"an address", "10.0.0.1", {"10.0.0.1"}, "x", "is not for"},
  };
  for (const NameCase& each : cases) {
    CAPTURE(each.name);
    CertificateSpec spec = leaf_spec("");
    spec.uris.clear();
    spec.dns = each.dns;
    spec.name = each.common_name;
    World world;
    OneSide ours(world);
    ours.connect(context, client_options({each.called, alpn_wire({"http/1.1"}), {}, {}}));
    OpensslPeer server(server_of(issue(spec, &workloads().root)));
    server.talk(ours.wire, world.scheduler);
    if (each.why.empty()) {
      REQUIRE(ours.outcome.ready);
      CHECK(ours.outcome.ready->peer == nullptr);
      CHECK(ours.outcome.ready->alpn == "http/1.1");
      CHECK_FALSE(server.peer_showed_certificate());
    } else {
      CHECK(ours.outcome.why().find(each.why) != std::string::npos);
      CHECK(server.alert_received == 42);
    }
  }
}

TEST_CASE("mode tls: a CA that is not trusted, and a time that is over") {
  const Issued stranger = issue(ca_spec("stranger"));
  const TlsContext::Ptr context =
      sure(TlsContext::make(sure(TlsMaterial::trust(pem("ca.crt", stranger.certificate)))));
  World world;
  OneSide ours(world);
  ours.connect(context, client_options({"cart", {}, {}, {}}));
  OpensslPeer server(server_of(workloads().cart));
  server.talk(ours.wire, world.scheduler);
  CHECK(server.alert_received == 48);
  CHECK(ours.outcome.error->kind == TlsError::Kind::kCertificate);

  CertificateSpec spec = leaf_spec(kCartId);
  spec.dns = {"cart"};
  OneSide late(world);
  world.scheduler.set_wall(kCertificateNow + hours(24) + seconds(61));
  late.connect(context, client_options({"cart", {}, {}, {}}));
  OpensslPeer again(server_of(issue(spec, &stranger)));
  again.talk(late.wire, world.scheduler);
  CHECK(again.alert_received == 45);
}

TEST_CASE("a client learns late that its certificate was refused, and in words") {
  const Issued stranger = issue(ca_spec("stranger"));
  const Issued cart = issue(leaf_spec(kCartId), &stranger);
  BothSides both;
  // Trusts the mesh's root too, as in the middle of a rotation; the server does not trust its.
  both.client.connect(make_context(cart, stranger.certificate + workloads().root.certificate));
  both.server.accept(workloads().price_context);
  both.world.scheduler.end_turn();
  both.server.wire.send(both.client.wire.take_received());
  both.world.scheduler.end_turn();
  both.client.wire.send(both.server.wire.take_received());
  REQUIRE(both.client.outcome.ready);
  both.client.start();
  both.carry();
  CHECK_FALSE(both.server.outcome.ready);
  CHECK(both.client.ear.losses == 1);
  CHECK(both.client.ear.why == "the server refused our certificate with the alert unknown_ca (48)");
}

}  // namespace
}  // namespace woad::test
