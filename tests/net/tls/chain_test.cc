// Certificate chains, good and bad, shown in real handshakes to our server and to our client by a
// peer that is plain OpenSSL. What is refused never gets a byte through.
#include <doctest/doctest.h>

#include <functional>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

using namespace std::string_literals;

// Alerts (RFC 8446 section 6.2); kGood: the handshake succeeds.
constexpr int kGood = -1;
constexpr int kBadCertificate = 42;
constexpr int kUnsupported = 43;
constexpr int kExpired = 45;
constexpr int kUnknown = 46;
constexpr int kUnknownCa = 48;
constexpr int kRequired = 116;

enum class By { kEither, kServer, kClient };

struct Shown {
  std::string chain;
  std::string key;
};

struct Case {
  std::string name;
  std::function<Shown()> show;
  int alert;
  std::string why;  // part of our sentence
  By by = By::kEither;
};

// The CAs of this file: our bundle has `root` and `second`.
struct Authorities {
  Issued root = issue(ca_spec("root"));
  Issued second = issue(ca_spec("second root"));
  Issued removed = issue(ca_spec("old root"));
  Issued stranger = issue(ca_spec("stranger"));
  Issued middle = issue(ca_spec("middle"), &root);
  Issued leaf = issue(leaf_spec(kCartId), &root);
  std::string bundle = root.certificate + second.certificate;
};

const Authorities& cas() {
  static const Authorities shared;
  return shared;
}

Shown shown(const Issued& leaf, const std::string& rest = "") {
  return {leaf.certificate + rest, leaf.key};
}

// A leaf of the root, bent by `change`.
std::function<Shown()> bent(const std::function<void(CertificateSpec&)>& change) {
  return [change] {
    CertificateSpec spec = leaf_spec(kCartId);
    change(spec);
    return shown(issue(spec, &cas().root));
  };
}

std::function<Shown()> with_id(std::string id) {
  return bent([id = std::move(id)](CertificateSpec& spec) { spec.uris = {id}; });
}

// A good leaf below an intermediate that is bent by `change`.
std::function<Shown()> below(const std::function<void(CertificateSpec&)>& change) {
  return [change] {
    CertificateSpec spec = ca_spec("middle");
    change(spec);
    const Issued middle = issue(spec, &cas().root);
    return shown(issue(leaf_spec(kCartId), &middle), middle.certificate);
  };
}

std::vector<Case> id_cases() {
  return {
      {"no URI", bent([](auto& s) { s.uris.clear(); }), kBadCertificate, "has no URI"},
      {"name in the common name only", bent([](auto& s) {
         s.uris.clear();
         s.name = kCartId;
       }),
       kBadCertificate, "has no URI"},
      {"a DNS name only", bent([](auto& s) {
         s.uris.clear();
         s.dns = {"cart.shop.svc"};
       }),
       kBadCertificate, "has no URI"},
      {"a SPIFFE id as a DNS name", bent([](auto& s) {
         s.uris.clear();
         s.dns = {std::string(kCartId)};
       }),
       kBadCertificate, "has no URI"},
      {"DNS names beside the URI", bent([](auto& s) {
         s.dns = {"cart.shop.svc", "cart"};
       }),
       kGood, ""},
      {"two SPIFFE ids", bent([](auto& s) { s.uris.emplace_back(kPriceId); }), kBadCertificate,
       "has 2 URIs"},
      {"the same id twice", bent([](auto& s) { s.uris.emplace_back(kCartId); }), kBadCertificate,
       "has 2 URIs"},
      {"another URI beside the id", bent([](auto& s) { s.uris.emplace_back("http://x/"); }),
       kBadCertificate, "has 2 URIs"},
      {"alternative names twice", bent([](auto& s) { s.twice = "subjectAltName"; }),
       kBadCertificate, "twice"},
      {"an http URI", with_id("http://example.org/cart"), kBadCertificate, "begin with spiffe://"},
      {"no path", with_id("spiffe://example.org"), kBadCertificate, "whole trust domain"},
      {"a path that is a slash", with_id("spiffe://example.org/"), kBadCertificate,
       "empty segment"},
      {"an empty segment", with_id("spiffe://example.org/ns//cart"), kBadCertificate,
       "empty segment"},
      {"a slash at the end", with_id("spiffe://example.org/cart/"), kBadCertificate,
       "empty segment"},
      {"a dot segment", with_id("spiffe://example.org/ns/../cart"), kBadCertificate,
       "segment of dots"},
      {"a query", with_id("spiffe://example.org/cart?a=b"), kBadCertificate, "path has \"?\""},
      {"a fragment", with_id("spiffe://example.org/cart#a"), kBadCertificate, "path has \"#\""},
      {"a port", with_id("spiffe://example.org:443/cart"), kBadCertificate, "domain has \":\""},
      {"user information", with_id("spiffe://me@example.org/cart"), kBadCertificate,
       "domain has \"@\""},
      {"percent encoding", with_id("spiffe://example.org/c%61rt"), kBadCertificate,
       "path has \"%\""},
      {"capitals in the trust domain", with_id("spiffe://Example.org/cart"), kBadCertificate,
       "domain has \"E\""},
      {"capitals in the scheme", with_id("Spiffe://example.org/cart"), kBadCertificate,
       "begin with spiffe://"},
      {"a NUL behind a good id", with_id(std::string(kCartId) + "\0.evil"s), kBadCertificate,
       "path has \"\\x00\""},
      {"a NUL inside the trust domain", with_id("spiffe://example.org\0.evil/cart"s),
       kBadCertificate, "domain has \"\\x00\""},
      {"too long", with_id("spiffe://example.org/" + std::string(2048, 'a')), kBadCertificate,
       "more than 2048 bytes"},
      {"as long as may be", with_id("spiffe://example.org/" + std::string(2048 - 21, 'a')), kGood,
       ""},
      {"a long trust domain", with_id("spiffe://" + std::string(256, 'a') + "/cart"),
       kBadCertificate, "more than 255 bytes"},
      {"another trust domain", with_id("spiffe://example.com/ns/shop/sa/cart"), kBadCertificate,
       "of the trust domain example.com, not of ours, example.org"},
      {"a trust domain below ours", with_id("spiffe://a.example.org/cart"), kBadCertificate,
       "not of ours"},
      {"an empty subject", bent([](auto& s) { s.name.clear(); }), kGood, ""},
  };
}

std::vector<Case> usage_cases() {
  return {
      {"a CA as a leaf", bent([](auto& s) { s.ca = true; }), kBadCertificate, "it is a CA's"},
      {"a CA's certificate itself", [] { return shown(cas().middle); }, kBadCertificate,
       "has no URI"},
      {"no basic constraints", bent([](auto& s) { s.ca.reset(); }), kGood, ""},
      {"basic constraints twice", bent([](auto& s) { s.twice = "basicConstraints"; }),
       kBadCertificate, "twice"},
      {"keyCertSign", bent([](auto& s) { s.key_usage = "critical,digitalSignature,keyCertSign"; }),
       kBadCertificate, "has keyCertSign"},
      {"cRLSign", bent([](auto& s) { s.key_usage = "critical,digitalSignature,cRLSign"; }),
       kBadCertificate, "has cRLSign"},
      {"no digitalSignature", bent([](auto& s) { s.key_usage = "critical,keyAgreement"; }),
       kBadCertificate, "lacks digitalSignature"},
      {"more usages beside", bent([](auto& s) {
         s.key_usage = "critical,digitalSignature,keyEncipherment,keyAgreement";
       }),
       kGood, ""},
      {"no key usage", bent([](auto& s) { s.key_usage.clear(); }), kGood, ""},
      {"key usage twice", bent([](auto& s) { s.twice = "keyUsage"; }), kBadCertificate, "twice"},
      {"no extended key usage", bent([](auto& s) { s.extended_key_usage.clear(); }), kGood, ""},
      {"a client's purpose, shown by a server",
       bent([](auto& s) { s.extended_key_usage = "clientAuth"; }), kBadCertificate,
       "lacks serverAuth", By::kServer},
      {"a client's purpose, shown by a client",
       bent([](auto& s) { s.extended_key_usage = "clientAuth"; }), kGood, "", By::kClient},
      {"a server's purpose, shown by a client",
       bent([](auto& s) { s.extended_key_usage = "serverAuth"; }), kBadCertificate,
       "lacks clientAuth", By::kClient},
      {"a server's purpose, shown by a server",
       bent([](auto& s) { s.extended_key_usage = "serverAuth"; }), kGood, "", By::kServer},
      {"another purpose", bent([](auto& s) { s.extended_key_usage = "emailProtection"; }),
       kBadCertificate, "extended key usage lacks"},
      {"any purpose", bent([](auto& s) { s.extended_key_usage = "anyExtendedKeyUsage"; }),
       kBadCertificate, "extended key usage lacks"},
  };
}

std::vector<Case> time_cases() {
  return {
      {"expired", bent([](auto& s) { s.ends = -hours(2) + hours(1) + minutes(30); }), kExpired,
       "expired at 2026-11-19T23:30:00Z"},
      {"just expired, within the skew", bent([](auto& s) { s.ends = -seconds(60); }), kGood, ""},
      {"a second too late", bent([](auto& s) { s.ends = -seconds(61); }), kExpired, "expired at"},
      {"not yet valid", bent([](auto& s) { s.begins = minutes(30); }), kBadCertificate,
       "not valid before 2026-11-20T00:30:00Z"},
      {"not yet, within the skew", bent([](auto& s) { s.begins = seconds(60); }), kGood, ""},
      {"a second too early", bent([](auto& s) { s.begins = seconds(61); }), kBadCertificate,
       "not valid before"},
      {"an intermediate that expired", below([](auto& s) { s.ends = -minutes(2); }), kExpired,
       "certificate 1 of its chain, \"CN=middle\""},
      {"an intermediate within the skew", below([](auto& s) { s.ends = -seconds(59); }), kGood, ""},
      {"an intermediate not yet valid", below([](auto& s) { s.begins = minutes(2); }),
       kBadCertificate, "not valid before"},
  };
}

std::vector<Case> chain_cases() {
  return {
      {"straight below the root", [] { return shown(cas().leaf); }, kGood, ""},
      {"below the second root", [] { return shown(issue(leaf_spec(kCartId), &cas().second)); },
       kGood, ""},
      {"below a root that was removed",
       [] { return shown(issue(leaf_spec(kCartId), &cas().removed)); }, kUnknownCa,
       "issuer is missing"},
      {"below a root that was removed, and shows it",
       [] { return shown(issue(leaf_spec(kCartId), &cas().removed), cas().removed.certificate); },
       kUnknownCa, "a root that we do not trust"},
      {"another CA", [] { return shown(issue(leaf_spec(kCartId), &cas().stranger)); }, kUnknownCa,
       "issuer is missing"},
      {"another CA of the same name",
       [] {
         const Issued twin = issue(ca_spec("root"));
         return shown(issue(leaf_spec(kCartId), &twin), twin.certificate);
       },
       kUnknownCa, "a root that we do not trust"},
      {"signed by itself", [] { return shown(issue(leaf_spec(kCartId))); }, kUnknownCa,
       "signed by itself"},
      {"below an intermediate", below([](auto&) {}), kGood, ""},
      {"an intermediate missing", [] { return shown(issue(leaf_spec(kCartId), &cas().middle)); },
       kUnknownCa, "issuer is missing of \"CN=workload\""},
      {"intermediates in the wrong order",
       [] {
         const Issued lower = issue(ca_spec("lower"), &cas().middle);
         return shown(issue(leaf_spec(kCartId), &lower),
                      cas().middle.certificate + lower.certificate);
       },
       kGood, ""},
      {"intermediates, one missing in the middle",
       [] {
         const Issued lower = issue(ca_spec("lower"), &cas().middle);
         return shown(issue(leaf_spec(kCartId), &lower), lower.certificate);
       },
       kUnknownCa, "issuer is missing of \"CN=lower\""},
      {"with the root at the end", [] { return shown(cas().leaf, cas().root.certificate); }, kGood,
       ""},
      {"with a stranger behind", [] { return shown(cas().leaf, cas().stranger.certificate); },
       kGood, ""},
      {"a leaf as the issuer",
       [] { return shown(issue(leaf_spec(kPriceId), &cas().leaf), cas().leaf.certificate); },
       kUnknownCa, "invalid CA"},
      {"an intermediate that is no CA", below([](auto& s) { s.ca = false; }), kUnknownCa,
       "invalid CA"},
      {"an intermediate without basic constraints", below([](auto& s) { s.ca.reset(); }),
       kUnknownCa, "invalid CA"},
      {"an intermediate without keyCertSign",
       below([](auto& s) { s.key_usage = "critical,digitalSignature"; }), kUnknownCa, "invalid CA"},
      {"an intermediate without key usage", below([](auto& s) { s.key_usage.clear(); }), kGood, ""},
      {"a version 1 intermediate", below([](auto& s) { s.version = 1; }), kUnknownCa, ""},
      {"a path that may be as long", below([](auto& s) { s.path_length = 0; }), kGood, ""},
      {"a path that is too long",
       [] {
         CertificateSpec spec = ca_spec("short");
         spec.path_length = 0;
         const Issued upper = issue(spec, &cas().root);
         const Issued lower = issue(ca_spec("lower"), &upper);
         return shown(issue(leaf_spec(kCartId), &lower), lower.certificate + upper.certificate);
       },
       kUnknownCa, "path length"},
      {"an intermediate for other purposes",
       below([](auto& s) { s.extended_key_usage = "emailProtection"; }), kUnsupported, "purpose"},
      {"a name constraint that allows it",
       below([](auto& s) { s.name_constraints = "critical,permitted;URI:example.org"; }), kGood,
       ""},
      {"a name constraint that does not",
       below([](auto& s) { s.name_constraints = "critical,permitted;URI:example.com"; }), kUnknown,
       "permitted subtree"},
  };
}

std::vector<Case> key_cases() {
  const auto key = [](KeyKind kind) {
    return bent([kind](CertificateSpec& spec) { spec.key = kind; });
  };
  return {
      {"RSA of 1024 bits", key(KeyKind::kRsa1024), kBadCertificate, "key too weak"},
      {"RSA of 2048 bits", key(KeyKind::kRsa2048), kGood, ""},
      {"P-384", key(KeyKind::kP384), kGood, ""},
      {"Ed25519", key(KeyKind::kEd25519), kGood, ""},
      {"signed with SHA-1", bent([](auto& s) { s.sha1 = true; }), kBadCertificate, "too weak"},
      {"a version 1 certificate", bent([](auto& s) { s.version = 1; }), kBadCertificate, ""},
  };
}

TlsContext::Ptr our_context(TlsVersion version = TlsVersion::k13) {
  return make_context(issue(leaf_spec(kPriceId), &cas().root), cas().bundle, version);
}

void check_ours(const Case& each, const OneSide& ours, std::string_view shown_by) {
  CHECK(ours.outcome.events == 1);
  if (each.alert == kGood) {
    INFO(ours.outcome.why());
    REQUIRE(ours.outcome.ready);
    REQUIRE(ours.outcome.ready->peer != nullptr);
    CHECK(ours.outcome.ready->peer->trust_domain == kTrustDomain);
    return;
  }
  REQUIRE(ours.outcome.error);
  CHECK(ours.outcome.error->kind == TlsError::Kind::kCertificate);
  CAPTURE(ours.outcome.why());
  CHECK(ours.outcome.why().starts_with("the " + std::string(shown_by) + "'s certificate was ref"));
  CHECK(ours.outcome.why().find(each.why) != std::string::npos);
  CHECK(ours.wire.closed());
}

void check_to_our_server(const Case& each, const Shown& what, TlsContext::Ptr context) {
  World world;
  OneSide ours(world);
  ours.accept(std::move(context));
  OpensslPeer client({.certificate = what.chain, .key = what.key});
  client.talk(ours.wire, world.scheduler);
  check_ours(each, ours, "client");
  CHECK(client.alert_received == each.alert);
}

void check_to_our_client(const Case& each, const Shown& what, TlsContext::Ptr context) {
  World world;
  OneSide ours(world);
  ours.connect(std::move(context));
  OpensslPeer server({.server = true, .certificate = what.chain, .key = what.key});
  server.talk(ours.wire, world.scheduler);
  check_ours(each, ours, "server");
  CHECK(server.alert_received == each.alert);
  CHECK(server.received.empty());
}

void check_all(const std::vector<Case>& cases) {
  const TlsContext::Ptr context = our_context();
  for (const Case& each : cases) {
    CAPTURE(each.name);
    const Shown what = each.show();
    if (each.by != By::kServer) check_to_our_server(each, what, context);
    if (each.by != By::kClient) check_to_our_client(each, what, context);
    // Nothing that was refused is remembered, and what was accepted is accepted again.
    if (each.by != By::kServer) check_to_our_server(each, what, context);
  }
}

TEST_CASE("chains: the SPIFFE id") { check_all(id_cases()); }
TEST_CASE("chains: what the leaf may be used for") { check_all(usage_cases()); }
TEST_CASE("chains: times") { check_all(time_cases()); }
TEST_CASE("chains: the way to a root") { check_all(chain_cases()); }
TEST_CASE("chains: keys and signatures") { check_all(key_cases()); }

TEST_CASE("a client that shows nothing, and one that sends at once what it wants to say") {
  for (const TlsVersion version : {TlsVersion::k13, TlsVersion::k12}) {
    World world;
    OneSide ours(world);
    ours.accept(our_context(version));
    OpensslPeer client({.max_version = version == TlsVersion::k12 ? 0x0303 : 0});
    client.talk(ours.wire, world.scheduler);
    REQUIRE(ours.outcome.error);
    CHECK(ours.outcome.error->kind == TlsError::Kind::kCertificate);
    CHECK(ours.outcome.why() == "the client showed no certificate");
    CHECK(client.alert_received == (version == TlsVersion::k12 ? 40 : kRequired));
  }
  World world;
  OneSide ours(world);
  ours.accept(our_context());
  const Issued stranger = issue(leaf_spec(kCartId), &cas().stranger);
  OpensslPeer client({.certificate = stranger.certificate, .key = stranger.key});
  client.step();
  ours.wire.send(client.take_output());
  world.scheduler.end_turn();
  client.feed(ours.wire.take_received());
  client.step();
  REQUIRE(client.done());
  client.write("GET / HTTP/1.1\r\n\r\n");  // behind the Finished, in the same bytes
  ours.wire.send(client.take_output());
  world.scheduler.end_turn();
  CHECK_FALSE(ours.outcome.ready);
  CHECK(ours.outcome.error);
  client.feed(ours.wire.take_received());
  client.step();
  CHECK(client.alert_received == kUnknownCa);
}

TEST_CASE("the same chains by TLS 1.2") {
  const TlsContext::Ptr context = our_context(TlsVersion::k12);
  for (const bool good : {true, false}) {
    World world;
    OneSide ours(world);
    ours.accept(context);
    const Issued leaf = good ? cas().leaf : issue(leaf_spec(kCartId), &cas().stranger);
    OpensslPeer client({.certificate = leaf.certificate, .key = leaf.key, .max_version = 0x0303});
    client.talk(ours.wire, world.scheduler);
    CHECK(static_cast<bool>(ours.outcome.ready) == good);
    CHECK(client.done() == good);
    CHECK(client.alert_received == (good ? kGood : kUnknownCa));
  }
}

}  // namespace
}  // namespace woad::test
