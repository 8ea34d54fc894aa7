// One connection's TLS: OpenSSL's state machine, its failures in words, the identity it proved.
// For proxy/net alone. Nothing here calls back into transports but by queueing records.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/scheduler.h"
#include "proxy/net/tls/bio.h"
#include "proxy/net/tls/context_native.h"
#include "proxy/net/tls/transport.h"

namespace woad {

class TlsSession {
 public:
  enum class Status : uint8_t {
    kDone,
    kWantsInput,
    kClosed,  // the peer sent close_notify
    kFailed,  // failure() tells; an alert may have been queued
  };
  // Longest plaintext of a record (RFC 8446 section 5.1).
  static constexpr size_t kMaxRecord = size_t{16} * 1024;

  // The ends and the scheduler outlive the session.
  TlsSession(TlsEnds& ends, const Scheduler& scheduler, TlsContext::Ptr context,
             std::shared_ptr<const TlsServerOptions> options);
  TlsSession(TlsEnds& ends, const Scheduler& scheduler, TlsContext::Ptr context,
             std::shared_ptr<const TlsClientOptions> options);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Status handshake();
  // Up to `room` bytes of one record; `count` is 0 but with kDone.
  Status read(char* to, size_t room, size_t& count);
  // What read() has without further input.
  size_t pending() const { return static_cast<size_t>(SSL_pending(ssl_.get())); }
  // One record; `plaintext` has 1 to kMaxRecord bytes. False: the session has failed.
  bool write(std::string_view plaintext);
  // close_notify, once.
  void close();
  // Gives back what only handshakes need, some 2 KiB; for 20 us. After the handshake.
  void forget_peer_key();

  // After the handshake.
  const std::string& alpn() const { return alpn_; }
  const std::shared_ptr<const Svid>& peer() const { return peer_; }
  bool is_server() const { return client_ == nullptr; }
  // "the client" or "the server": who is at the other end.
  std::string_view peer_words() const { return is_server() ? "the client" : "the server"; }

  // The sentence has no address in it.
  const TlsError& failure() const { return failure_; }

  // For the context's callbacks, which OpenSSL calls; they find the session by SSL_get_app_data().
  // Whether the peer's certificate is accepted; sets the error of `context` when not.
  bool on_verify(X509_STORE_CTX* context);
  // What a server picks from.
  std::string_view server_alpn() const { return server_->alpn; }

 private:
  void begin(SSL_CTX* context, TlsEnds& ends);
  void set_name();
  Status established();
  void take_alpn();
  void forget_chain();
  Status stopped(int result);
  TlsError describe_failure();
  std::string whose(std::string_view what) const;

  const Scheduler& scheduler_;
  TlsContext::Ptr context_;
  std::shared_ptr<const TlsServerOptions> server_;  // one of the two
  std::shared_ptr<const TlsClientOptions> client_;
  SslPtr ssl_;
  std::string alpn_;
  std::shared_ptr<const Svid> peer_;
  std::string refusal_;  // why on_verify() said no
  TlsError failure_{TlsError::Kind::kProtocol, {}};
};

}  // namespace woad
