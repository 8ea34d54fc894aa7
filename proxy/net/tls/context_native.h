// The OpenSSL objects of TlsContext. For proxy/net alone.
#pragma once

#include "proxy/net/tls/context.h"
#include "proxy/net/tls/openssl.h"
#include "proxy/net/tls/verify.h"

namespace woad {

struct TlsContext::Native {
  TlsMaterial::Ptr material;
  SslContextPtr server;  // nullptr of trust alone
  SslContextPtr client;  // nullptr of a server
  BioMethodPtr bio;      // make_tls_bio_method()
  PeerVerifier verifier;
};

}  // namespace woad
