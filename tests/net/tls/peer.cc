#include "tests/net/tls/peer.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "proxy/base/result.h"

namespace woad::test {
namespace {

void use_chain(SSL* ssl, const OpensslPeer::Settings& settings) {
  if (settings.certificate.empty()) return;
  BIO* const in =
      BIO_new_mem_buf(settings.certificate.data(), static_cast<int>(settings.certificate.size()));
  bool leaf = true;
  while (X509* certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr)) {
    if (leaf) {
      WOAD_ASSERT(SSL_use_certificate(ssl, certificate) == 1);
    } else {
      WOAD_ASSERT(SSL_add1_chain_cert(ssl, certificate) == 1);
    }
    leaf = false;
    X509_free(certificate);
  }
  BIO_free(in);
  BIO* const key_in = BIO_new_mem_buf(settings.key.data(), static_cast<int>(settings.key.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_in, nullptr, nullptr, nullptr);
  WOAD_ASSERT(key != nullptr && SSL_use_PrivateKey(ssl, key) == 1);
  EVP_PKEY_free(key);
  BIO_free(key_in);
  ERR_clear_error();
}

int accept_all(X509_STORE_CTX*, void*) { return 1; }

int pick(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
         unsigned offered_size, void* self) {
  const auto& settings = *static_cast<const OpensslPeer::Settings*>(self);
  if (!settings.picks.empty()) {
    *out = reinterpret_cast<const unsigned char*>(settings.picks.data());
    *size = static_cast<unsigned char>(settings.picks.size());
    return SSL_TLSEXT_ERR_OK;
  }
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(
      &chosen, size, reinterpret_cast<const unsigned char*>(settings.alpn.data()),
      static_cast<unsigned>(settings.alpn.size()), offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

void on_info(const SSL* ssl, int where, int value) {
  auto* const self = static_cast<OpensslPeer*>(SSL_get_app_data(ssl));
  if ((where & SSL_CB_ALERT) == 0) return;
  ((where & SSL_CB_READ) != 0 ? self->alert_received : self->alert_sent) = value & 0xff;
}

void on_message(int sent, int, int type, const void* bytes, size_t size, SSL*, void* peer) {
  auto* const self = static_cast<OpensslPeer*>(peer);
  const auto* const text = static_cast<const unsigned char*>(bytes);
  if (sent != 0 || size == 0) return;
  if (type == SSL3_RT_INNER_CONTENT_TYPE && text[0] == SSL3_RT_APPLICATION_DATA) {
    ++self->records_read;
  }
  if (type == SSL3_RT_HANDSHAKE && text[0] == SSL3_MT_KEY_UPDATE) ++self->key_updates;
}

}  // namespace

struct OpensslPeer::Impl {
  explicit Impl(const Settings& wanted) : settings(wanted) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }

  Settings settings;
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
};

OpensslPeer::OpensslPeer(const Settings& settings) : impl_(std::make_unique<Impl>(settings)) {
  SSL_CTX* const context = SSL_CTX_new(settings.server ? TLS_server_method() : TLS_client_method());
  WOAD_ASSERT(context != nullptr);
  impl_->context = context;
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, settings.min_version);
  SSL_CTX_set_max_proto_version(context, settings.max_version);
  SSL_CTX_set_cert_verify_callback(context, accept_all, nullptr);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  if (!settings.tickets) SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_alpn_select_cb(context, pick, &impl_->settings);
  SSL* const ssl = SSL_new(context);
  impl_->ssl = ssl;
  if (!settings.ciphers.empty())
    WOAD_ASSERT(SSL_set_cipher_list(ssl, settings.ciphers.c_str()) == 1);
  if (!settings.signatures.empty()) {
    WOAD_ASSERT(SSL_set1_sigalgs_list(ssl, settings.signatures.c_str()) == 1);
  }
  if (!settings.groups.empty()) {
    WOAD_ASSERT(SSL_set1_groups_list(ssl, settings.groups.c_str()) == 1);
  }
  use_chain(ssl, settings);
  if (!settings.server && !settings.alpn.empty()) {
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(settings.alpn.data()),
                        static_cast<unsigned>(settings.alpn.size()));
  }
  if (!settings.sni.empty()) SSL_set_tlsext_host_name(ssl, settings.sni.c_str());
  SSL_set_app_data(ssl, this);
  SSL_set_info_callback(ssl, on_info);
  SSL_set_msg_callback(ssl, on_message);
  SSL_set_msg_callback_arg(ssl, this);
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl), -1);
  if (settings.server) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
}

OpensslPeer::~OpensslPeer() = default;

void OpensslPeer::feed(std::string_view ciphertext) {
  if (ciphertext.empty()) return;
  BIO_write(SSL_get_rbio(impl_->ssl), ciphertext.data(), static_cast<int>(ciphertext.size()));
}

std::string OpensslPeer::take_output() {
  std::string bytes(BIO_ctrl_pending(SSL_get_wbio(impl_->ssl)), '\0');
  if (!bytes.empty()) {
    BIO_read(SSL_get_wbio(impl_->ssl), bytes.data(), static_cast<int>(bytes.size()));
  }
  return bytes;
}

void OpensslPeer::step() {
  if (failed()) return;
  ERR_clear_error();
  int result = SSL_do_handshake(impl_->ssl);
  char bytes[16384];
  while (result > 0) {
    result = SSL_read(impl_->ssl, bytes, sizeof bytes);
    if (result > 0) received.append(bytes, static_cast<size_t>(result));
  }
  const int why = SSL_get_error(impl_->ssl, result);
  if (why == SSL_ERROR_ZERO_RETURN) closed_ = true;
  if (why == SSL_ERROR_SSL || why == SSL_ERROR_SYSCALL) {
    const char* const words = ERR_reason_error_string(ERR_peek_error());
    error = words == nullptr ? "unknown" : words;
  }
  ERR_clear_error();
}

void OpensslPeer::talk(MemoryPeer& wire, Scheduler& scheduler) {
  for (bool moved = true; moved;) {
    scheduler.end_turn();
    feed(wire.take_received());
    step();
    const std::string out = take_output();
    wire.send(out);
    scheduler.end_turn();
    moved = !out.empty() || !wire.received().empty();
  }
}

void OpensslPeer::write(std::string_view plaintext) {
  while (!plaintext.empty()) {
    const int wrote = SSL_write(impl_->ssl, plaintext.data(), static_cast<int>(plaintext.size()));
    WOAD_ASSERT(wrote > 0);
    plaintext.remove_prefix(static_cast<size_t>(wrote));
  }
}

void OpensslPeer::close() { SSL_shutdown(impl_->ssl); }

void OpensslPeer::update_key(bool ask_back) {
  WOAD_ASSERT(SSL_key_update(impl_->ssl, ask_back ? SSL_KEY_UPDATE_REQUESTED
                                                  : SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
  SSL_do_handshake(impl_->ssl);
}

void OpensslPeer::renegotiate() {
  WOAD_ASSERT(SSL_renegotiate(impl_->ssl) == 1);
  SSL_do_handshake(impl_->ssl);
}

bool OpensslPeer::done() const { return SSL_is_init_finished(impl_->ssl) == 1; }
int OpensslPeer::renegotiations() const {
  return static_cast<int>(SSL_num_renegotiations(impl_->ssl));
}
std::string OpensslPeer::version() const { return SSL_get_version(impl_->ssl); }
std::string OpensslPeer::cipher() const { return SSL_get_cipher_name(impl_->ssl); }
std::string OpensslPeer::group() const {
  const char* const name =
      SSL_group_to_name(impl_->ssl, static_cast<int>(SSL_get_negotiated_group(impl_->ssl)));
  return name == nullptr ? "" : name;
}

std::string OpensslPeer::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(impl_->ssl, &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

std::string OpensslPeer::sni() const {
  const char* const name = SSL_get_servername(impl_->ssl, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

bool OpensslPeer::peer_showed_certificate() const {
  return SSL_get0_peer_certificate(impl_->ssl) != nullptr;
}

bool OpensslPeer::was_offered_resumption() const {
  const SSL_SESSION* const session = SSL_get_session(impl_->ssl);
  unsigned size = 0;
  if (session == nullptr) return false;
  SSL_SESSION_get_id(session, &size);
  return SSL_SESSION_has_ticket(session) == 1 || size > 0;
}

int OpensslPeer::authority_names() const {
  return sk_X509_NAME_num(SSL_get0_peer_CA_list(impl_->ssl));
}

}  // namespace woad::test
