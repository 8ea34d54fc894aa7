// The OpenSSL objects of TlsMaterial. For proxy/net alone.
#pragma once

#include <optional>
#include <vector>

#include "proxy/net/tls/material.h"
#include "proxy/net/tls/openssl.h"

namespace woad {

struct TlsMaterial::Native {
  Role role = Role::kTrust;
  std::optional<Svid> svid;
  std::vector<X509Ptr> certificates;  // ours, leaf first
  KeyPtr key;
  StorePtr store;  // whom we trust; nullptr of a server
  WallTime not_after = WallTime::max();
  std::vector<CertificateInfo> chain;
  std::vector<CertificateInfo> roots;
};

}  // namespace woad
