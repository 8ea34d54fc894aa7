// A small server on one loop, HTTPS or in plaintext: HTTP/1.1 and HTTP/2, one handler for all
// requests.
//
//   serving ──stop_listening()──▶ closed to new ones ──drain()──▶ draining ──▶ (idle() is true)
//      └──────────────────────────drain()──────────────────────────▶┘
//
// Bounded: connections at once, bytes of bodies that wait, the times of handshake, head, body and
// idleness. One thread, the loop's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/result.h"
#include "proxy/net/acceptor.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls/context.h"
#include "proxy/web/connection.h"
#include "proxy/web/handler.h"

namespace woad {

struct WebOptions {
  // Who may come in plaintext; without certificates the others are not let in.
  enum class Plaintext : uint8_t { kNobody, kLoopback, kAll };
  Plaintext plaintext = Plaintext::kNobody;
  // More at once than this are closed as they come, unless one that asks nothing gives way.
  size_t connections = 256;
  // Of a request's body, in bytes; over it the answer is 413. The objects of Kubernetes end at 3
  // MiB.
  size_t body = size_t{8} << 20;
  // Over TLS, most wanted first.
  std::vector<std::string_view> protocols = {"h2", "http/1.1"};
};

class WebServer final : private WebHost {
 public:
  // Of bodies that have not ended yet, of all requests.
  static constexpr size_t kMaxWaiting = size_t{64} << 20;
  static constexpr Duration kHandshakeTimeout = seconds(10);

  // All outlive the server; `blocks` outlives the loop as well. `tls` can serve; nullptr: plaintext
  // alone.
  WebServer(Loop& loop, BlockPool& blocks, WebHandler& handler, TlsContext::Ptr tls,
            WebOptions options = {});
  ~WebServer();

  Result<void> listen(const Address& address);
  // Takes over a socket that listens.
  void serve(int listener);
  // For the handshakes to come.
  void set_tls(TlsContext::Ptr tls) { tls_ = std::move(tls); }
  // Nobody is let in any more; who is there is served on.
  void stop_listening();
  // The same, and connections end with their present answers.
  void drain();
  bool idle() const { return count_ == 0; }

 private:
  class Arrival;
  // What a request needs while it waits: its head, a small answer.
  static constexpr size_t kArenaChunk = 2048;
  enum class State : uint8_t { kServing, kClosed, kDraining };

  WebHandler& handler() override { return handler_; }
  CodecContext codec_context() override;
  ArenaPool& arenas() override { return arenas_; }
  size_t most_of_body() const override { return options_.body; }
  bool take_memory(size_t bytes) override;
  void release_memory(size_t bytes) override { waiting_ -= bytes; }
  void on_closed(WebConnection& connection) override { drop(connection); }
  void on_accept(int socket, const Address& peer);
  bool make_room();
  void add(WebConnection::Protocols protocols, WebCaller caller,
           std::unique_ptr<Transport> transport);
  // Deletes an arrival or a connection at the end of the turn.
  template <class Client>
  void drop(Client& client) {
    client.unlink();
    --count_;
    loop_.scheduler().defer_delete(std::unique_ptr<Deferred>(&client));
  }

  Loop& loop_;
  BlockPool& blocks_;
  WebHandler& handler_;
  TlsContext::Ptr tls_;
  WebOptions options_;
  std::shared_ptr<const TlsServerOptions> tls_options_;
  std::shared_ptr<const TlsServerOptions> tls_or_plaintext_;
  ArenaPool arenas_{kArenaChunk};
  State state_ = State::kServing;
  std::array<uint64_t, kHostileCount> hostile_{};
  std::unique_ptr<Acceptor> acceptor_;
  IntrusiveList<Arrival> arrivals_;
  IntrusiveList<WebConnection> connections_;
  size_t count_ = 0;  // of both
  size_t waiting_ = 0;
};

}  // namespace woad
