// The OpenSSL objects of TlsContext, and what its callbacks ask of a connection. For proxy/net
// alone.
#pragma once

#include <string_view>

#include "proxy/net/tls/context.h"
#include "proxy/net/tls/openssl.h"
#include "proxy/net/tls/verify.h"

namespace woad {

// OpenSSL calls the context's callbacks; they find the connection by SSL_set_app_data().
class TlsCallbacks {
 public:
  // Whether the peer's certificate is accepted; sets the error of `context` when not.
  virtual bool on_verify(X509_STORE_CTX* context) = 0;
  // What a server picks from.
  virtual std::string_view server_alpn() const = 0;

 protected:
  ~TlsCallbacks() = default;
};

struct TlsContext::Native {
  TlsMaterial::Ptr material;
  SslContextPtr server;  // nullptr of trust alone
  SslContextPtr client;  // nullptr of a server
  BioMethodPtr bio;      // TlsBio::method()
  PeerVerifier verifier;
};

}  // namespace woad
