// Whether a certificate chain holds, for peers and for our own material. For proxy/net alone.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/net/tls/openssl.h"
#include "proxy/net/tls/svid.h"

namespace woad {

// X509_V_OK, or why not: the code decides the alert, the sentence is for the log.
struct ChainVerdict {
  int code = X509_V_OK;
  std::string why;
  // All certificates of the chain are valid between these.
  WallTime not_before = WallTime::min();
  WallTime not_after = WallTime::max();
};

// Runs X509_verify_cert() on a prepared context: times are judged at `now` with kClockSkew, and
// each issuer must be a CA, by its basic constraints, that may sign (X509-SVID sections 4.1
// and 4.3; OpenSSL alone would take some old ones without).
ChainVerdict verify_chain(X509_STORE_CTX* context, WallTime now);

// Whether it is valid at `now`, with kClockSkew.
Validity validity_of(const X509* certificate, WallTime now);

// What is asked of a peer.
struct PeerDemand {
  TlsSide shown_by;
  std::string_view trust_domain;  // "": no SVID is asked for, the chain and name alone decide
  const std::function<bool(std::string_view id)>* allowed = nullptr;  // may be empty
  std::string_view expected;
};

struct PeerVerdict {
  int code = X509_V_OK;
  std::string why;
  std::shared_ptr<const Svid> svid;
};

// Judges peers, and remembers those whose SVID and chain held: verifying costs a signature a link,
// and the peers of a sidecar are few. Judged again by time and by `allowed` each time. Any thread;
// a thread that finds the memory busy does without it.
class PeerVerifier {
 public:
  // When so many are remembered, they are forgotten and begin anew.
  static constexpr size_t kMaxRemembered = 4096;

  PeerVerifier();

  // `context` is as OpenSSL prepared it for a handshake.
  PeerVerdict judge(X509_STORE_CTX* context, const PeerDemand& demand, WallTime now) const;

  uint64_t cached() const { return cached_.load(std::memory_order_relaxed); }
  uint64_t verified() const { return verified_.load(std::memory_order_relaxed); }

 private:
  using Key = std::array<unsigned char, 32>;  // SHA-256 of side and presented chain
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  struct Held {
    std::shared_ptr<const Svid> svid;
    WallTime not_before;
    WallTime not_after;
  };

  Key key_of(X509_STORE_CTX* context, TlsSide shown_by) const;
  std::shared_ptr<const Svid> remembered(const Key& key, WallTime now) const;
  void remember(const Key& key, Held held) const;
  PeerVerdict verify_svid(X509_STORE_CTX* context, const PeerDemand& demand, const Key& key,
                          WallTime now) const;

  DigestPtr sha256_;  // fetched once: OpenSSL 3.0 looks it up under locks each time otherwise
  mutable std::mutex mutex_;  // of held_; only ever tried
  mutable std::unordered_map<Key, Held, KeyHash> held_;
  mutable std::atomic<uint64_t> cached_ = 0;
  mutable std::atomic<uint64_t> verified_ = 0;
};

}  // namespace woad
