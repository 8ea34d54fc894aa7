#include "proxy/web/server.h"

#include <utility>

#include "proxy/net/socket.h"
#include "proxy/net/tcp_transport.h"
#include "proxy/net/tls/transport.h"

namespace woad {

namespace {

using Protocols = WebConnection::Protocols;

WebCaller caller_in_plaintext(const Address& peer) {
  return {.kind = peer.is_loopback() ? WebCaller::Kind::kLocal : WebCaller::Kind::kUnknown};
}

std::shared_ptr<const TlsServerOptions> tls_options(const WebOptions& options, bool plaintext) {
  return std::make_shared<const TlsServerOptions>(
      TlsServerOptions{.alpn = alpn_wire(options.protocols), .allow_plaintext = plaintext});
}

}  // namespace

// A connection until its handshake is over.
class WebServer::Arrival final : public Deferred, public ListLink, private TlsHandshakeSink {
 public:
  Arrival(WebServer& server, std::unique_ptr<Transport> client,
          std::shared_ptr<const TlsServerOptions> options)
      : server_(server),
        handshake_(accept_tls(server.loop_.scheduler(), server.blocks_, std::move(client),
                              server.tls_, std::move(options), kHandshakeTimeout, *this)) {}

 private:
  void on_tls(TlsReady ready) override {
    WebCaller caller;
    if (ready.peer != nullptr) caller = {WebCaller::Kind::kWorkload, ready.peer->id};
    server_.add(ready.alpn == "h2" ? Protocols::kHttp2 : Protocols::kHttp1, std::move(caller),
                std::move(ready.transport));
    server_.drop(*this);
  }
  void on_tls_failed(TlsError) override { server_.drop(*this); }
  void on_plaintext(std::unique_ptr<Transport> transport) override {
    WebCaller caller = caller_in_plaintext(transport->peer());
    server_.add(Protocols::kByFirstBytes, std::move(caller), std::move(transport));
    server_.drop(*this);
  }

  WebServer& server_;
  std::unique_ptr<TlsHandshake> handshake_;
};

WebServer::WebServer(Loop& loop, BlockPool& blocks, WebHandler& handler, TlsContext::Ptr tls,
                     WebOptions options)
    : loop_(loop),
      blocks_(blocks),
      handler_(handler),
      tls_(std::move(tls)),
      options_(std::move(options)),
      tls_options_(tls_options(options_, false)),
      tls_or_plaintext_(tls_options(options_, true)) {}

WebServer::~WebServer() {
  while (!arrivals_.empty()) delete &arrivals_.pop_front();
  while (!connections_.empty()) delete &connections_.pop_front();
}

Result<void> WebServer::listen(const Address& address) {
  if (auto free = check_free(address, AnyIPv6::kBoth); !free) return free;
  auto socket = listen_tcp(address, AnyIPv6::kBoth);
  if (!socket) return socket.error();
  serve(socket->release());
  return {};
}

void WebServer::serve(int listener) {
  acceptor_ = std::make_unique<Acceptor>(
      loop_, listener, [this](int client, const Address& peer) { on_accept(client, peer); });
}

void WebServer::stop_listening() {
  if (acceptor_ == nullptr) return;
  acceptor_->take_waiting();
  acceptor_.reset();
  state_ = State::kClosed;
}

void WebServer::drain() {
  stop_listening();
  if (state_ == State::kDraining) return;
  state_ = State::kDraining;
  connections_.for_each([](WebConnection& connection) { connection.drain(); });
}

CodecContext WebServer::codec_context() { return {loop_.scheduler(), blocks_, hostile_.data()}; }

bool WebServer::take_memory(size_t bytes) {
  if (waiting_ + bytes > kMaxWaiting) return false;
  waiting_ += bytes;
  return true;
}

// Whoever opens connections and says nothing shuts nobody out: the oldest of those go first.
bool WebServer::make_room() {
  WebConnection* silent = nullptr;
  connections_.for_each([&](WebConnection& connection) {
    if (silent == nullptr && connection.silent()) silent = &connection;
  });
  if (silent == nullptr) return false;
  silent->give_way();
  return true;
}

void WebServer::on_accept(int socket, const Address& peer) {
  auto transport = make_tcp_transport(loop_, blocks_, socket, peer);
  if (count_ >= options_.connections && !make_room()) return;
  const bool plaintext =
      options_.plaintext == WebOptions::Plaintext::kAll ||
      (options_.plaintext == WebOptions::Plaintext::kLoopback && peer.is_loopback());
  if (tls_ != nullptr) {
    arrivals_.push_back(
        *new Arrival(*this, std::move(transport), plaintext ? tls_or_plaintext_ : tls_options_));
    ++count_;
  } else if (plaintext) {
    add(Protocols::kByFirstBytes, caller_in_plaintext(peer), std::move(transport));
  }
}

void WebServer::add(Protocols protocols, WebCaller caller, std::unique_ptr<Transport> transport) {
  auto* connection = new WebConnection(*this, protocols, std::move(caller), std::move(transport));
  connections_.push_back(*connection);
  ++count_;
  connection->start();
  if (state_ == State::kDraining) connection->drain();
}

}  // namespace woad
