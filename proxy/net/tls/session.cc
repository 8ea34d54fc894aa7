#include "proxy/net/tls/session.h"

#include "proxy/net/address.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

// Alerts that speak of the certificate that was shown (RFC 8446 section 6.2).
bool is_about_certificate(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

// "h2, http/1.1"
std::string protocol_words(std::string_view wire) {
  std::string words;
  while (!wire.empty()) {
    const auto size = static_cast<unsigned char>(wire[0]);
    if (!words.empty()) words += ", ";
    words += wire.substr(1, size);
    wire.remove_prefix(size + 1u);
  }
  return words;
}

}  // namespace

TlsSession::TlsSession(TlsEnds& ends, const Scheduler& scheduler, TlsContext::Ptr context,
                       std::shared_ptr<const TlsServerOptions> options)
    : scheduler_(scheduler), context_(std::move(context)), server_(std::move(options)) {
  WOAD_ASSERT(context_->can_serve());
  begin(context_->native().server.get(), ends);
  SSL_set_accept_state(ssl_.get());
}

TlsSession::TlsSession(TlsEnds& ends, const Scheduler& scheduler, TlsContext::Ptr context,
                       std::shared_ptr<const TlsClientOptions> options)
    : scheduler_(scheduler), context_(std::move(context)), client_(std::move(options)) {
  begin(context_->native().client.get(), ends);
  SSL_set_connect_state(ssl_.get());
  set_name();
  const std::string& alpn = client_->alpn;
  if (!alpn.empty()) {  // 0 is success here
    WOAD_ASSERT(SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                                    static_cast<unsigned>(alpn.size())) == 0);
  }
}

void TlsSession::begin(SSL_CTX* context, TlsEnds& ends) {
  ssl_.reset(SSL_new(context));
  WOAD_ASSERT(ssl_ != nullptr);
  SSL_set_app_data(ssl_.get(), this);
  BIO* const bio = make_tls_bio(context_->native().bio, ends);
  SSL_set_bio(ssl_.get(), bio, bio);
}

// SNI never names an address (RFC 6066 section 3). What a server without SPIFFE id must prove is
// compared by OpenSSL, with its alternative names alone (RFC 9525 section 6.3).
void TlsSession::set_name() {
  const std::string& name = client_->sni;
  if (!name.empty() && !Address::from_host(name, 0)) {
    SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
  }
  if (context_->has_identity()) return;
  WOAD_ASSERT(!name.empty());
  SSL_set_hostflags(ssl_.get(),
                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  WOAD_ASSERT(SSL_set1_host(ssl_.get(), name.c_str()) == 1);
}

TlsSession::Status TlsSession::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? established() : stopped(result);
}

TlsSession::Status TlsSession::established() {
  ERR_clear_error();
  take_alpn();
  forget_chain();
  WOAD_ASSERT(!context_->has_identity() || peer_ != nullptr);
  return Status::kDone;
}

// The leaf stays with OpenSSL's session; the issuers behind it (5 KiB each, parsed) have done their
// work, and OpenSSL would keep them as long as the connection.
void TlsSession::forget_chain() {
  STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(ssl_.get());
  while (sk_X509_num(chain) > 0) X509_free(sk_X509_pop(chain));
}

// Of the leaf most is its parsed key, which has done its work, too: nobody is asked for a proof
// again after the handshake. One of no known kind (1.2.3.4, without a bit) takes its place.
void TlsSession::forget_peer_key() {
  constexpr unsigned char kNoKey[] = {0x30, 0x0a, 0x30, 0x05, 0x06, 0x03,
                                      0x2a, 0x03, 0x04, 0x03, 0x01, 0x00};
  X509* const leaf = SSL_get0_peer_certificate(ssl_.get());
  if (leaf == nullptr) return;
  X509_PUBKEY* key = X509_get_X509_PUBKEY(leaf);
  const unsigned char* at = kNoKey;
  WOAD_ASSERT(d2i_X509_PUBKEY(&key, &at, sizeof kNoKey) != nullptr);
}

void TlsSession::take_alpn() {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  alpn_.assign(reinterpret_cast<const char*>(name), size);
}

TlsSession::Status TlsSession::read(char* to, size_t room, size_t& count) {
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), to, room, &count);
  if (result == 1) return Status::kDone;
  count = 0;
  return stopped(result);
}

bool TlsSession::write(std::string_view plaintext) {
  ERR_clear_error();
  size_t count = 0;
  if (SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &count) == 1) return true;
  stopped(0);
  return false;
}

void TlsSession::close() {
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

TlsSession::Status TlsSession::stopped(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Status::kWantsInput;
    case SSL_ERROR_ZERO_RETURN: return Status::kClosed;
    default: break;
  }
  failure_ = describe_failure();
  ERR_clear_error();
  return Status::kFailed;
}

std::string TlsSession::whose(std::string_view what) const {
  return std::string(peer_words()) + std::string(what);
}

TlsError TlsSession::describe_failure() {
  using Kind = TlsError::Kind;
  if (!refusal_.empty()) {
    return {Kind::kCertificate, whose("'s certificate was refused: ") + refusal_};
  }
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  if (reason >= SSL_AD_REASON_OFFSET) {
    const int alert = reason - SSL_AD_REASON_OFFSET;
    const char* const what = is_about_certificate(alert)
                                 ? " refused our certificate with the alert "
                                 : " refused with the alert ";
    return {Kind::kAlert, whose(what) + alert_words(alert)};
  }
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    return {Kind::kCertificate, whose(" showed no certificate")};
  }
  if (reason == SSL_R_NO_APPLICATION_PROTOCOL && is_server()) {
    return {Kind::kProtocol,
            "the client offers none of our protocols (" + protocol_words(server_->alpn) + ")"};
  }
  return {Kind::kProtocol,
          "TLS with " + whose(" failed: ") + take_openssl_words("OpenSSL gives no reason")};
}

bool TlsSession::on_verify(X509_STORE_CTX* context) {
  PeerDemand demand{is_server() ? TlsSide::kClient : TlsSide::kServer,
                    context_->material().trust_domain(),
                    nullptr,
                    {}};
  if (client_ != nullptr) {
    demand.allowed = &client_->peer;
    demand.expected = client_->expected;
  }
  PeerVerdict verdict = context_->native().verifier.judge(context, demand, scheduler_.wall());
  X509_STORE_CTX_set_error(context, verdict.code);
  // OpenSSL would keep the chain as long as the connection.
  X509_STORE_CTX_set0_verified_chain(context, nullptr);
  peer_ = std::move(verdict.svid);
  refusal_ = std::move(verdict.why);
  return verdict.code == X509_V_OK;
}

}  // namespace woad
