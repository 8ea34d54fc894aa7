#include "proxy/web/server.h"

#include <utility>

#include "proxy/net/socket.h"
#include "proxy/net/tcp_transport.h"
#include "proxy/net/tls/transport.h"

namespace woad {

// A connection until its handshake is over.
class WebServer::Arrival final : public Deferred, public ListLink, private TlsHandshakeSink {
 public:
  Arrival(WebServer& server, std::unique_ptr<Transport> client)
      : server_(server),
        handshake_(accept_tls(server.loop_.scheduler(), server.blocks_, std::move(client),
                              server.tls_, server.options_, kHandshakeTimeout, *this)) {}

 private:
  void on_tls(TlsReady ready) override {
    server_.on_arrival(*this, std::move(ready.transport), ready.alpn);
  }
  void on_tls_failed(TlsError) override { server_.on_no_arrival(*this); }

  WebServer& server_;
  std::unique_ptr<TlsHandshake> handshake_;
};

WebServer::WebServer(Loop& loop, BlockPool& blocks, WebHandler& handler, TlsContext::Ptr tls)
    : loop_(loop), blocks_(blocks), handler_(handler), tls_(std::move(tls)) {
  TlsServerOptions options;
  options.alpn = alpn_wire({"h2", "http/1.1"});
  options_ = std::make_shared<const TlsServerOptions>(std::move(options));
}

WebServer::~WebServer() {
  while (!arrivals_.empty()) delete &arrivals_.pop_front();
  while (!connections_.empty()) delete &connections_.pop_front();
}

Result<void> WebServer::listen(const Address& address) {
  if (auto free = check_free(address); !free) return free;
  auto socket = listen_tcp(address);
  if (!socket) return socket.error();
  acceptor_ = std::make_unique<Acceptor>(
      loop_, socket->release(),
      [this](int client, const Address& peer) { on_accept(client, peer); });
  return {};
}

void WebServer::drain() {
  if (acceptor_ == nullptr) return;
  acceptor_->take_waiting();
  acceptor_.reset();
  connections_.for_each([](WebConnection& connection) { connection.drain(); });
}

CodecContext WebServer::codec_context() { return {loop_.scheduler(), blocks_, hostile_.data()}; }

bool WebServer::take_memory(size_t bytes) {
  if (waiting_ + bytes > kMaxWaiting) return false;
  waiting_ += bytes;
  return true;
}

void WebServer::on_accept(int socket, const Address& peer) {
  auto transport = make_tcp_transport(loop_, blocks_, socket, peer);
  if (transport == nullptr || count_ >= kMaxConnections) return;
  arrivals_.push_back(*new Arrival(*this, std::move(transport)));
  ++count_;
}

void WebServer::on_arrival(Arrival& arrival, std::unique_ptr<Transport> transport,
                           std::string_view alpn) {
  auto* connection = new WebConnection(*this, alpn, std::move(transport));
  connections_.push_back(*connection);
  ++count_;
  connection->start();
  if (acceptor_ == nullptr) connection->drain();
  on_no_arrival(arrival);
}

void WebServer::on_no_arrival(Arrival& arrival) {
  arrival.unlink();
  --count_;
  loop_.scheduler().defer_delete(std::unique_ptr<Deferred>(&arrival));
}

void WebServer::on_closed(WebConnection& connection) {
  connection.unlink();
  --count_;
  loop_.scheduler().defer_delete(std::unique_ptr<Deferred>(&connection));
}

}  // namespace woad
