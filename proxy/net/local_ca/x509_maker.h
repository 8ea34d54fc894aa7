// Makes the certificates of LocalCa: P-256 keys, SHA-256, random serials. For proxy/net alone.
#pragma once

#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/net/tls/openssl.h"

namespace woad {

KeyPtr make_p256_key();

// A root of one trust domain, signed by itself: a CA that may sign leaves alone.
Result<X509Ptr> make_root(EVP_PKEY* key, const std::string& trust_domain, WallTime not_before,
                          WallTime not_after);

struct LeafNames {
  std::string subject;  // common name, cut to what X.509 allows
  std::string id;       // the one URI among the alternative names
  std::vector<std::string> dns;
};

// A leaf X.509-SVID for both sides, signed by `issuer`.
Result<X509Ptr> make_leaf(EVP_PKEY* key, const LeafNames& names, WallTime not_before,
                          WallTime not_after, X509* issuer, EVP_PKEY* issuer_key);

}  // namespace woad
