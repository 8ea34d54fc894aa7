// The certificates that chains are verified against. For proxy/net alone.
#pragma once

#include <vector>

#include "proxy/net/tls/openssl.h"

namespace woad {

// A chain may end at any of `anchors`: a root, an intermediate whose root is not here, or the very
// certificate that a peer shows. Where several have one subject, which nothing but their keys may
// tell apart, the issuer is the one whose key holds. Any thread may verify with it.
StorePtr make_anchors(const std::vector<X509Ptr>& anchors);

}  // namespace woad
