// An ordinary HTTPS server: a certificate with DNS names, clients without one.
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
  return TlsMaterial::server(pem("tls.crt", leaf.certificate), pem("tls.key", leaf.key),
                             kCertificateNow);
}

TEST_CASE("a server without SPIFFE id serves clients that show nothing") {
  const TlsMaterial::Ptr material = sure(load(ordinary()));
  CHECK(material->role() == TlsMaterial::Role::kServer);
  CHECK(material->svid() == nullptr);
  CHECK(material->not_after() == kCertificateNow + hours(24));
  BothSides both;
  both.client.connect(sure(
      TlsContext::make(sure(TlsMaterial::trust(pem("ca.crt", workloads().root.certificate))))));
  both.server.accept(sure(TlsContext::make(material)));
  both.carry();
  REQUIRE(both.client.outcome.ready);
  REQUIRE(both.server.outcome.ready);
  CHECK(both.server.outcome.ready->peer == nullptr);
  CHECK(both.server.outcome.ready->alpn == "h2");
}

TEST_CASE("what cannot serve") {
  CHECK(load(ordinary()));
  CHECK_FALSE(load({ordinary().certificate, ordinary().key}));  // of two pairs
  CHECK_FALSE(load({"nothing", ordinary().key}));
  CHECK_FALSE(load(ordinary([](CertificateSpec& spec) { spec.ends = -minutes(2); })));
  CHECK_FALSE(load(ordinary([](CertificateSpec& spec) { spec.begins = hours(1); })));
}

}  // namespace
}  // namespace woad::test
