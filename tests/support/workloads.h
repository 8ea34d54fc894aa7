// One root, two workloads under it, and contexts made of them: what most tests of TLS need.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/net/tls/context.h"
#include "tests/support/certificates.h"

namespace woad::test {

inline constexpr std::string_view kTrustDomain = "example.org";
inline constexpr std::string_view kCartId = "spiffe://example.org/ns/shop/sa/cart";
inline constexpr std::string_view kPriceId = "spiffe://example.org/ns/shop/sa/price";

inline PemText pem(std::string_view name, std::string text) {
  return {std::string(name), std::move(text)};
}

inline Result<TlsMaterial::Ptr> load(const Issued& leaf, const std::string& bundle,
                                     WallTime now = kCertificateNow,
                                     std::string_view trust_domain = kTrustDomain) {
  return TlsMaterial::identity(pem("tls.crt", leaf.certificate), pem("tls.key", leaf.key),
                               pem("ca.crt", bundle), trust_domain, now);
}

// What a result holds, in tests that are sure of it.
template <class T>
T sure(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
  WOAD_ASSERT(result);
  return std::move(*result);
}

inline TlsContext::Ptr make_context(const Issued& leaf, const std::string& bundle,
                                    TlsVersion min_version = TlsVersion::k13) {
  return sure(TlsContext::make(sure(load(leaf, bundle)), min_version));
}

// The same certificate, valid around another time.
inline CertificateSpec valid_at(WallTime now, CertificateSpec spec) {
  spec.begins += now - kCertificateNow;
  spec.ends += now - kCertificateNow;
  return spec;
}

struct Workloads {
  explicit Workloads(WallTime time) : now(time) {}

  TlsContext::Ptr context_of(const Issued& leaf) const {
    return sure(TlsContext::make(sure(load(leaf, root.certificate, now))));
  }

  WallTime now;
  Issued root = issue(valid_at(now, ca_spec("root")));
  Issued cart = issue(valid_at(now, leaf_spec(kCartId)), &root);
  Issued price = issue(valid_at(now, leaf_spec(kPriceId)), &root);
  TlsContext::Ptr cart_context = context_of(cart);
  TlsContext::Ptr price_context = context_of(price);
};

// Made once a program: keys and signatures cost time.
inline const Workloads& workloads() {
  static const Workloads shared(kCertificateNow);
  return shared;
}
// For tests on a loop, which reads the machine's clock.
inline const Workloads& present_workloads() {
  static const Workloads shared(std::chrono::system_clock::now());
  return shared;
}

}  // namespace woad::test
