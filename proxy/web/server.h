// A small HTTPS server on one loop: HTTP/1.1 and HTTP/2 (by ALPN), one handler for all requests.
//
//   serving ──drain()──▶ draining ──▶ (idle() is true)
//
// Bounded: connections at once, bytes of bodies that wait, the times of handshake, head, body and
// idleness. One thread, the loop's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/result.h"
#include "proxy/net/acceptor.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls/context.h"
#include "proxy/web/connection.h"
#include "proxy/web/handler.h"

namespace woad {

class WebServer final : private WebHost {
 public:
  // More connections at once than this are closed as they come.
  static constexpr size_t kMaxConnections = 256;
  // Of bodies that have not ended yet, of all requests.
  static constexpr size_t kMaxWaiting = size_t{64} << 20;
  static constexpr Duration kHandshakeTimeout = seconds(10);

  // All outlive the server; `blocks` outlives the loop as well. `tls` can serve.
  WebServer(Loop& loop, BlockPool& blocks, WebHandler& handler, TlsContext::Ptr tls);
  ~WebServer();

  Result<void> listen(const Address& address);
  // For the handshakes to come.
  void set_tls(TlsContext::Ptr tls) { tls_ = std::move(tls); }
  // Nobody is let in any more, and connections end with their present answers.
  void drain();
  bool idle() const { return count_ == 0; }

 private:
  class Arrival;

  WebHandler& handler() override { return handler_; }
  CodecContext codec_context() override;
  bool take_memory(size_t bytes) override;
  void release_memory(size_t bytes) override { waiting_ -= bytes; }
  void on_closed(WebConnection& connection) override;
  void on_accept(int socket, const Address& peer);
  void on_arrival(Arrival& arrival, std::unique_ptr<Transport> transport, std::string_view alpn);
  void on_no_arrival(Arrival& arrival);

  Loop& loop_;
  BlockPool& blocks_;
  WebHandler& handler_;
  TlsContext::Ptr tls_;
  std::shared_ptr<const TlsServerOptions> options_;
  std::array<uint64_t, kHostileCount> hostile_{};
  std::unique_ptr<Acceptor> acceptor_;
  IntrusiveList<Arrival> arrivals_;
  IntrusiveList<WebConnection> connections_;
  size_t count_ = 0;  // of both
  size_t waiting_ = 0;
};

}  // namespace woad
