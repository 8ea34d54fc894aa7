// Ready to speak TLS with one set of material: one a configuration epoch, made off the loops.
//
// With an identity it serves (client certificates required) and calls by mutual TLS: the peer's
// chain must build to our bundle, and its certificate be a leaf SVID of our trust domain. Without
// one it only calls, by the server's name; or, with an ordinary server's certificate, only serves
// clients that show none. TLS 1.3, or 1.2 (ECDHE and AEAD alone) when allowed;
// OpenSSL security level 2 (112 bits); X25519, P-256, P-384; no renegotiation, compression,
// resumption, early data or list of CAs. Immutable but for a bounded cache of verified peers, which
// begins empty with each context. Any thread; connections keep their context alive.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/net/tls/material.h"

namespace woad {

enum class TlsVersion : uint8_t { k12, k13 };

class TlsContext {
 public:
  using Ptr = std::shared_ptr<const TlsContext>;

  static Result<Ptr> make(TlsMaterial::Ptr material, TlsVersion min_version = TlsVersion::k13);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  const TlsMaterial& material() const;
  bool has_identity() const { return material().role() == TlsMaterial::Role::kIdentity; }
  bool can_serve() const { return material().role() != TlsMaterial::Role::kTrust; }

  // Peers whose certificates were found verified in the cache / had to be verified.
  struct PeerCounts {
    uint64_t cached;
    uint64_t verified;
  };
  PeerCounts peer_counts() const;

  // For proxy/net alone: the OpenSSL objects.
  struct Native;
  const Native& native() const { return *native_; }

 private:
  explicit TlsContext(std::unique_ptr<Native> native);
  std::unique_ptr<Native> native_;
};

// The wire form of protocol names (RFC 7301 section 3.1) for the options below, most wanted first.
// Each name has 1 to 255 bytes.
std::string alpn_wire(const std::vector<std::string_view>& names);

// How one listener answers. Shared by its handshakes, immutable; any thread.
struct TlsServerOptions {
  // A client that offers protocols but none of these gets the alert no_application_protocol;
  // "": ALPN is not answered.
  std::string alpn;
  // A client whose first bytes are no TLS is handed up (on_plaintext) instead of refused.
  bool allow_plaintext = false;
};

// How the servers of one service are called. Shared by its handshakes, immutable; any thread.
struct TlsClientOptions {
  // Sent as SNI unless it is an IP address; without an identity also the name that the server must
  // prove, and then not empty.
  std::string sni;
  std::string alpn;  // as above; "" offers none
  // With an identity: whether that SPIFFE id may answer. Not set: anyone of our trust domain.
  std::function<bool(std::string_view id)> peer;
  // The same in words for the sentence of a refusal, such as "spiffe://example.org/ns/*/sa/price".
  std::string expected;
};

}  // namespace woad
