// What a chain may end at, in real handshakes to our server and to our client.
#include <doctest/doctest.h>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

constexpr int kGood = -1;  // otherwise an alert (RFC 8446 section 6.2)
constexpr int kExpired = 45;
constexpr int kUnknown = 46;
constexpr int kUnknownCa = 48;

// What a peer is told who shows `leaf` and `rest` to a server, and to a client, with `context`.
void check(const TlsContext::Ptr& context, const Issued& leaf, const std::string& rest, int alert) {
  const std::string chain = leaf.certificate + rest;
  World world;
  OneSide server(world);
  server.accept(context);
  OpensslPeer caller({.certificate = chain, .key = leaf.key});
  caller.talk(server.wire, world.scheduler);
  CAPTURE(server.outcome.why());
  CHECK(caller.alert_received == alert);
  CHECK(static_cast<bool>(server.outcome.ready) == (alert == kGood));

  OneSide client(world);
  client.connect(context);
  OpensslPeer called({.server = true, .certificate = chain, .key = leaf.key});
  called.talk(client.wire, world.scheduler);
  CAPTURE(client.outcome.why());
  CHECK(called.alert_received == alert);
  CHECK(static_cast<bool>(client.outcome.ready) == (alert == kGood));
}

Issued leaf_of(const Issued& issuer) { return issue(leaf_spec(kCartId), &issuer); }

// The certificates of these tests have no key identifiers: the subject alone names an issuer.
TEST_CASE("anchors of one subject are each tried") {
  const Issued first = issue(ca_spec("root"));
  const Issued second = issue(ca_spec("root"));
  const Issued third = issue(ca_spec("root"));
  const Issued middle = issue(ca_spec("middle"), &third);
  const Issued forged = issue(ca_spec("root"));
  for (const std::string& bundle : {first.certificate + second.certificate + third.certificate,
                                    third.certificate + second.certificate + first.certificate}) {
    for (const Issued* ours : {&first, &third}) {
      const auto context = make_context(issue(leaf_spec(kPriceId), ours), bundle);
      for (const Issued* root : {&first, &second, &third}) {
        check(context, leaf_of(*root), "", kGood);
        check(context, leaf_of(*root), root->certificate, kGood);
      }
      check(context, leaf_of(middle), middle.certificate, kGood);
      check(context, leaf_of(forged), "", kUnknownCa);
      check(context, leaf_of(forged), forged.certificate, kUnknownCa);
    }
  }
}

TEST_CASE("anchors of one subject and one key: the one that is valid") {
  CertificateSpec spec = ca_spec("root");
  const Issued root = issue(spec);
  const Issued other = issue(spec);
  spec.begins = -hours(48);
  spec.ends = -hours(1);
  const Issued expired = reissue(spec, root);
  for (const std::string& bundle : {expired.certificate + other.certificate + root.certificate,
                                    root.certificate + other.certificate + expired.certificate}) {
    const auto context = make_context(issue(leaf_spec(kPriceId), &root), bundle);
    check(context, leaf_of(root), "", kGood);
    check(context, leaf_of(other), "", kGood);
  }
  const auto context =
      make_context(issue(leaf_spec(kPriceId), &other), expired.certificate + other.certificate);
  check(context, leaf_of(root), "", kExpired);
}

TEST_CASE("an intermediate alone is the anchor, and what it says of itself holds") {
  const Issued root = issue(ca_spec("root"));
  const auto anchored = [&](const std::function<void(CertificateSpec&)>& change) {
    CertificateSpec spec = ca_spec("anchor");
    change(spec);
    return issue(spec, &root);
  };
  const Issued price_root = issue(ca_spec("ours"));
  const auto context_with = [&](const Issued& anchor) {
    return make_context(issue(leaf_spec(kPriceId), &price_root),
                        price_root.certificate + anchor.certificate);
  };
  const Issued plain = anchored([](auto&) {});
  const Issued lower = issue(ca_spec("lower"), &plain);
  check(context_with(plain), leaf_of(plain), "", kGood);
  check(context_with(plain), leaf_of(plain), plain.certificate + root.certificate, kGood);
  check(context_with(plain), leaf_of(lower), lower.certificate, kGood);
  check(context_with(plain), leaf_of(root), root.certificate, kUnknownCa);
  check(context_with(plain), leaf_of(lower), "", kUnknownCa);

  const Issued expired = anchored([](auto& spec) { spec.ends = -minutes(2); });
  check(context_with(expired), leaf_of(expired), "", kExpired);
  const Issued skewed = anchored([](auto& spec) { spec.ends = -seconds(30); });
  check(context_with(skewed), leaf_of(skewed), "", kGood);
  const Issued shortest = anchored([](auto& spec) { spec.path_length = 0; });
  const Issued below = issue(ca_spec("below"), &shortest);
  check(context_with(shortest), leaf_of(shortest), "", kGood);
  check(context_with(shortest), leaf_of(below), below.certificate, kUnknownCa);
  const Issued elsewhere =
      anchored([](auto& spec) { spec.name_constraints = "critical,permitted;URI:example.com"; });
  check(context_with(elsewhere), leaf_of(elsewhere), "", kUnknown);
}

// The other side proves a name (mode: tls).
TEST_CASE("trust alone: an intermediate, roots of one subject, and the server's own certificate") {
  CertificateSpec spec = leaf_spec(kPriceId);
  spec.dns = {"price"};
  const Issued root = issue(ca_spec("root"));
  const Issued twin = issue(ca_spec("root"));
  const Issued middle = issue(ca_spec("middle"), &root);
  const Issued server = issue(spec, &middle);
  const Issued direct = issue(spec, &twin);
  const struct {
    const char* what;
    std::string bundle;
    const Issued& shown;
    int alert;
  } kCases[] = {
      {"an intermediate", middle.certificate, server, kGood},
      {"the second root of one subject", root.certificate + twin.certificate, direct, kGood},
      {"the first root of one subject", twin.certificate + root.certificate, direct, kGood},
      {"the server's own", server.certificate, server, kGood},
      {"another server's own", direct.certificate, server, kUnknownCa},
      {"the wrong root", root.certificate, direct, kUnknownCa},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.what);
    World world;
    OneSide client(world);
    client.connect(sure(TlsContext::make(sure(TlsMaterial::trust(pem("ca.crt", test.bundle))))));
    OpensslPeer called(
        {.server = true, .certificate = test.shown.certificate, .key = test.shown.key});
    called.talk(client.wire, world.scheduler);
    CAPTURE(client.outcome.why());
    CHECK(called.alert_received == test.alert);
    CHECK(static_cast<bool>(client.outcome.ready) == (test.alert == kGood));
  }
}

}  // namespace
}  // namespace woad::test
