#include "proxy/net/tls/svid.h"

#include <doctest/doctest.h>

#include "tests/support/certificates.h"

namespace woad::test {
namespace {

using namespace std::string_literals;

std::string domain_of(size_t size) { return "spiffe://" + std::string(size, 'a') + "/x"; }
std::string id_of(size_t size) {
  const std::string start = "spiffe://example.org/";
  return start + std::string(size - start.size(), 'x');
}

TEST_CASE("SPIFFE ids") {
  struct Case {
    std::string text;
    std::string wrong;  // part of the sentence; "": good
  };
  const Case cases[] = {
      {"spiffe://example.org/ns/shop/sa/cart", ""},
      {"spiffe://example.org", ""},
      {"spiffe://e/A-Z_a.z-0.9", ""},
      {"spiffe://1.2.3.4/..a/a..", ""},
      {"spiffe://a_b-c.d/x", ""},
      {domain_of(kMaxTrustDomain), ""},
      {domain_of(kMaxTrustDomain + 1), "more than 255 bytes"},
      {id_of(kMaxSpiffeId), ""},
      {id_of(kMaxSpiffeId + 1), "more than 2048 bytes"},
      {"", "does not begin with spiffe://"},
      {"spiffe:/example.org/x", "does not begin with spiffe://"},
      {"http://example.org/x", "does not begin with spiffe://"},
      {"SPIFFE://example.org/x", "does not begin with spiffe://"},
      {" spiffe://example.org/x", "does not begin with spiffe://"},
      {"spiffe://", "trust domain is empty"},
      {"spiffe:///x", "trust domain is empty"},
      {"spiffe://Example.org/x", "trust domain has \"E\""},
      {"spiffe://example.org:80/x", "trust domain has \":\""},
      {"spiffe://me@example.org/x", "trust domain has \"@\""},
      {"spiffe://ex%61mple.org/x", "trust domain has \"%\""},
      {"spiffe://example.org?x=1", "trust domain has \"?\""},
      {"spiffe://ex\xc3\xa4mple.org/x", "trust domain has \"\\xc3\""},
      {"spiffe://*/x", "trust domain has \"*\""},
      {"spiffe://example.org/", "empty segment"},
      {"spiffe://example.org/x/", "empty segment"},
      {"spiffe://example.org//x", "empty segment"},
      {"spiffe://example.org/./x", "segment of dots"},
      {"spiffe://example.org/x/..", "segment of dots"},
      {"spiffe://example.org/x?y", "path has \"?\""},
      {"spiffe://example.org/x#y", "path has \"#\""},
      {"spiffe://example.org/%41", "path has \"%\""},
      {"spiffe://example.org/a b", "path has \" \""},
      {"spiffe://example.org/a:b", "path has \":\""},
      {"spiffe://example.org/*", "path has \"*\""},
      {"spiffe://example.org/x\0"s, "path has \"\\x00\""},
      {"spiffe://example.org/x\0/y"s, "path has \"\\x00\""},
      {"spiffe://example.org\0.evil.org/x"s, "trust domain has \"\\x00\""},
      {"spiffe://example.org/x\n", "path has \"\\x0a\""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.text);
    const Result<SpiffeId> id = parse_spiffe_id(each.text);
    REQUIRE(static_cast<bool>(id) == each.wrong.empty());
    if (id) {
      CHECK("spiffe://" + std::string(id->trust_domain) + std::string(id->path) == each.text);
    } else {
      CHECK(id.error().message.find(each.wrong) != std::string::npos);
      CHECK(id.error().message.find('\n') == std::string::npos);
      CHECK(id.error().message.size() < 400);
    }
  }
}

TEST_CASE("what a certificate says of its holder") {
  const Issued root = issue(ca_spec("root"));
  CertificateSpec spec = leaf_spec("spiffe://example.org/ns/shop/sa/cart");
  spec.dns = {"cart.shop.svc"};
  const Issued leaf = issue(spec, &root);
  const Result<Svid> svid = read_svid_pem(leaf.certificate, TlsSide::kEither);
  REQUIRE(svid);
  CHECK(svid->id == "spiffe://example.org/ns/shop/sa/cart");
  CHECK(svid->trust_domain == "example.org");
  CHECK(svid->not_before == kCertificateNow - hours(1));
  CHECK(svid->not_after == kCertificateNow + hours(24));
  CHECK(svid->sha256.size() == 64);
  CHECK(svid->sha256.find_first_not_of("0123456789abcdef") == std::string::npos);

  const std::string der = der_of(leaf.certificate);
  const Result<Svid> same = read_svid_der(der, TlsSide::kClient);
  REQUIRE(same);
  CHECK(same->sha256 == svid->sha256);
  CHECK_FALSE(read_svid_der(der + "x", TlsSide::kClient));
  CHECK_FALSE(read_svid_der(der.substr(0, der.size() - 1), TlsSide::kClient));
  CHECK_FALSE(read_svid_der("", TlsSide::kClient));
  CHECK_FALSE(read_svid_pem("-----BEGIN CERTIFICATE-----\n", TlsSide::kClient));
}

TEST_CASE("a certificate without end has an end that can be computed with") {
  CertificateSpec spec = leaf_spec("spiffe://example.org/x");
  // RFC 5280 section 4.1.2.5: 99991231235959Z means that there is no good date.
  spec.ends = hours(24) * 365 * 235;
  const Issued leaf = issue(spec);
  const Result<Svid> svid = read_svid_pem(leaf.certificate, TlsSide::kEither);
  REQUIRE(svid);
  CHECK(svid->not_after > kCertificateNow + hours(24) * 365 * 200);
  CHECK(validity(svid->not_before, svid->not_after, kCertificateNow) == Validity::kValid);
}

TEST_CASE("times hold with a minute of skew") {
  const WallTime now = kCertificateNow;
  CHECK(validity(now, now, now) == Validity::kValid);
  CHECK(validity(now + seconds(60), now + hours(1), now) == Validity::kValid);
  CHECK(validity(now + seconds(61), now + hours(1), now) == Validity::kNotYet);
  CHECK(validity(now - hours(1), now - seconds(60), now) == Validity::kValid);
  CHECK(validity(now - hours(1), now - seconds(61), now) == Validity::kExpired);
}

}  // namespace
}  // namespace woad::test
