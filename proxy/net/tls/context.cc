#include "proxy/net/tls/context.h"

#include "proxy/net/tls/bio.h"
#include "proxy/net/tls/material_native.h"
#include "proxy/net/tls/session.h"

namespace woad {
namespace {

// By speed on CPUs with AES instructions; each is an AEAD with forward secrecy.
constexpr char kSuites[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr char kSuites12[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr char kGroups[] = "X25519:P-256:P-384";
// A short list is parsed faster by both sides than OpenSSL's own of 26.
constexpr char kSignatures[] =
    "ECDSA+SHA256:ed25519:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";
// Of what a peer sends, in bytes and in issuers above the leaf.
constexpr int kMaxPeerChain = 64 * 1024;
constexpr int kMaxDepth = 8;

TlsSession& session_of(const SSL* ssl) { return *static_cast<TlsSession*>(SSL_get_app_data(ssl)); }

int on_verify(X509_STORE_CTX* context, void*) {
  const auto* const ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return session_of(ssl).on_verify(context) ? 1 : 0;
}

// The server's wish decides. An offer is never empty here (CVE-2024-5535).
int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* size, const unsigned char* offered,
            unsigned offered_size, void*) {
  const std::string_view ours = session_of(ssl).server_alpn();
  if (ours.empty()) return SSL_TLSEXT_ERR_NOACK;
  if (offered_size == 0) return SSL_TLSEXT_ERR_ALERT_FATAL;
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered, offered_size);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool set_algorithms(SSL_CTX* context, TlsVersion min_version) {
  const int version = min_version == TlsVersion::k12 ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_security_level(context, kSecurityLevel);
  return SSL_CTX_set_min_proto_version(context, version) == 1 &&
         SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_ciphersuites(context, kSuites) == 1 &&
         SSL_CTX_set_cipher_list(context, kSuites12) == 1 &&
         SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
         SSL_CTX_set1_sigalgs_list(context, kSignatures) == 1;
}

bool set_identity(SSL_CTX* context, const TlsMaterial::Native& material) {
  if (material.certificates.empty()) return true;
  bool good = SSL_CTX_use_certificate(context, material.certificates.front().get()) == 1 &&
              SSL_CTX_use_PrivateKey(context, material.key.get()) == 1;
  for (size_t i = 1; good && i < material.certificates.size(); ++i) {
    good = SSL_CTX_add1_chain_cert(context, material.certificates[i].get()) == 1;
  }
  return good;
}

void set_manners(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kMaxPeerChain);
  SSL_CTX_set_verify_depth(context, kMaxDepth);
  // Without NO_AUTO_CHAIN a chain would be built from the store in each handshake.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_cert_verify_callback(context, on_verify, nullptr);
}

Result<SslContextPtr> make_context(const SSL_METHOD* method, const TlsMaterial& material,
                                   TlsVersion min_version) {
  ERR_clear_error();
  SslContextPtr context(SSL_CTX_new(method));
  if (context == nullptr || !set_algorithms(context.get(), min_version) ||
      !set_identity(context.get(), material.native())) {
    return Error{"TLS cannot be set up: " + take_openssl_words("OpenSSL gives no reason")};
  }
  set_manners(context.get());
  if (material.native().store != nullptr) {
    SSL_CTX_set1_cert_store(context.get(), material.native().store.get());
  }
  return context;
}

Result<SslContextPtr> make_server(const TlsMaterial& material, TlsVersion min_version) {
  Result<SslContextPtr> context = make_context(TLS_server_method(), material, min_version);
  if (!context) return context;
  const bool asks = material.role() == TlsMaterial::Role::kIdentity;
  SSL_CTX_set_verify(context->get(),
                     asks ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE,
                     nullptr);
  SSL_CTX_set_alpn_select_cb(context->get(), on_alpn, nullptr);
  return context;
}

Result<SslContextPtr> make_client(const TlsMaterial& material, TlsVersion min_version) {
  Result<SslContextPtr> context = make_context(TLS_client_method(), material, min_version);
  if (!context) return context;
  SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
  // Inside a mesh nobody between must take TLS 1.3 for 1.2 (RFC 8446 appendix D.4).
  if (material.svid() != nullptr) {
    SSL_CTX_clear_options(context->get(), SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  }
  return context;
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<Native> native) : native_(std::move(native)) {}
TlsContext::~TlsContext() = default;

Result<TlsContext::Ptr> TlsContext::make(TlsMaterial::Ptr material, TlsVersion min_version) {
  init_openssl();
  auto native = std::make_unique<Native>();
  if (material->role() != TlsMaterial::Role::kServer) {
    Result<SslContextPtr> client = make_client(*material, min_version);
    if (!client) return client.error();
    native->client = std::move(*client);
  }
  if (material->role() != TlsMaterial::Role::kTrust) {
    Result<SslContextPtr> server = make_server(*material, min_version);
    if (!server) return server.error();
    native->server = std::move(*server);
  }
  native->bio = make_tls_bio_method();
  native->material = std::move(material);
  ERR_clear_error();
  return Ptr(new TlsContext(std::move(native)));
}

const TlsMaterial& TlsContext::material() const { return *native_->material; }

TlsContext::PeerCounts TlsContext::peer_counts() const {
  return {native_->verifier.cached(), native_->verifier.verified()};
}

std::string alpn_wire(const std::vector<std::string_view>& names) {
  std::string wire;
  for (const std::string_view name : names) {
    WOAD_ASSERT(!name.empty() && name.size() <= 255);
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

}  // namespace woad
