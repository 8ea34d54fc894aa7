// A client with a certificate that names no SPIFFE id, as kubeconfigs have it.
#include <doctest/doctest.h>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

Issued ordinary(const std::function<void(CertificateSpec&)>& change = {}) {
  CertificateSpec spec = leaf_spec(kCartId);
  spec.uris.clear();
  spec.dns = {"price"};
  if (change) change(spec);
  return issue(spec, &workloads().root);
}

Result<TlsMaterial::Ptr> load(const Issued& leaf) {
  return TlsMaterial::client(pem("client.crt", leaf.certificate), pem("client.key", leaf.key),
                             pem("ca.crt", workloads().root.certificate), kCertificateNow);
}

TEST_CASE("a client without SPIFFE id shows its certificate to whoever asks") {
  const TlsMaterial::Ptr material = sure(load(ordinary()));
  CHECK(material->role() == TlsMaterial::Role::kTrust);
  CHECK(material->svid() == nullptr);
  CHECK(material->not_after() == kCertificateNow + hours(24));
  const TlsContext::Ptr context = sure(TlsContext::make(material));
  CHECK_FALSE(context->has_identity());
  CHECK_FALSE(context->can_serve());

  World world;
  OneSide ours(world);
  OpensslPeer server(server_of(ordinary()));
  ours.connect(context);
  server.talk(ours.wire, world.scheduler);
  REQUIRE(ours.outcome.ready);
  CHECK(server.peer_showed_certificate());
}

TEST_CASE("what cannot be shown") {
  CHECK(load(ordinary()));
  CHECK_FALSE(load({ordinary().certificate, ordinary().key}));  // of two pairs
  CHECK_FALSE(load({"nothing", ordinary().key}));
  CHECK_FALSE(load(ordinary([](CertificateSpec& spec) { spec.ends = -minutes(2); })));
  CHECK_FALSE(load(ordinary([](CertificateSpec& spec) { spec.begins = hours(1); })));
}

}  // namespace
}  // namespace woad::test
