// One connection to a WebServer, HTTP/1.1 or HTTP/2, and its requests.
//
//   opening (plaintext: the first bytes tell the protocol) ──▶ open ──▶ closed
//                                       (HTTP/1 alone) streaming ◀─┘
//                                                          └────────────▶┘
// Nothing is read from a client that does not take its answers, and one that takes nothing for
// kStallTimeout is cut. Owned by its host; ends itself through WebHost::on_closed(). One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/http/codec.h"
#include "proxy/net/transport.h"
#include "proxy/web/handler.h"
#include "proxy/web/stream.h"

namespace woad {

class WebConnection;

// Outlives its connections.
class WebHost {
 public:
  virtual WebHandler& handler() = 0;
  virtual CodecContext codec_context() = 0;
  // For what its requests hold.
  virtual ArenaPool& arenas() = 0;
  // Bytes of a request's body; over it the answer is 413.
  virtual size_t most_of_body() const = 0;
  // Room for bodies that wait for their end: false when there is none.
  virtual bool take_memory(size_t bytes) = 0;
  virtual void release_memory(size_t bytes) = 0;
  // Unlinks and deletes the connection at the end of the turn.
  virtual void on_closed(WebConnection& connection) = 0;

 protected:
  ~WebHost() = default;
};

class WebConnection final : public Deferred,
                            public ListLink,
                            private TransportSink,
                            private ServerConnection {
 public:
  static constexpr Duration kStallTimeout = seconds(60);

  // How the protocol is found: by what a handshake agreed on ("h2", or all else), or by what comes.
  enum class Protocols : uint8_t { kHttp1, kHttp2, kByFirstBytes };

  WebConnection(WebHost& host, Protocols protocols, WebCaller caller,
                std::unique_ptr<Transport> transport);
  ~WebConnection() override;

  void start();
  // Ends with its present answers, or now.
  void drain();
  // Nothing is asked of it. It may end now, for others.
  bool silent() const { return streams_.empty(); }
  void give_way() { close(); }

  // For its streams.
  WebHost& host() { return host_; }
  const WebCaller& caller() const { return caller_; }
  bool is_http1() const { return codec_->protocol() != Protocol::kHttp2; }
  // An answer goes on for as long as the client wants it, over HTTP/1 as the last one.
  void on_stream_begins();
  // An answer has been queued.
  void on_answered();
  // Deletes the stream at the end of the turn.
  void on_stream_end(WebStream& stream);

 private:
  enum class State : uint8_t { kOpening, kOpen, kStreaming, kClosed };

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_drained() override;
  void on_lost(std::string_view why) override;
  RequestSink& on_stream(ResponseWriter& writer) override;
  void on_codec_done() override { close(); }

  void open(const Slice& bytes);
  void feed(Slice bytes);
  void on_stall();
  void close();

  WebHost& host_;
  State state_;
  WebCaller caller_;
  std::string first_;  // while opening
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ServerCodec> codec_;
  Timer stall_;
  IntrusiveList<WebStream> streams_;
};

}  // namespace woad
