// One connection to a WebServer, HTTP/1.1 or HTTP/2, and its requests.
//
// Owned by its host; ends itself through WebHost::on_closed(). One thread.
#pragma once

#include <memory>
#include <string_view>

#include "proxy/base/intrusive_list.h"
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
  // `alpn`: what the handshake agreed on; "h2" is HTTP/2, all else HTTP/1.1.
  WebConnection(WebHost& host, std::string_view alpn, std::unique_ptr<Transport> transport);
  ~WebConnection() override;

  void start();
  // Ends with its present answers, or now.
  void drain();

  // For its streams.
  WebHandler& handler() { return host_.handler(); }
  CodecContext codec_context() const { return host_.codec_context(); }
  bool take_memory(size_t bytes) { return host_.take_memory(bytes); }
  void release_memory(size_t bytes) { host_.release_memory(bytes); }
  // Deletes the stream at the end of the turn.
  void on_stream_end(WebStream& stream);

 private:
  void on_bytes(Slice bytes) override { codec_->on_bytes(std::move(bytes)); }
  void on_eof() override { codec_->on_eof(); }
  void on_drained() override { codec_->on_transport_drained(); }
  void on_lost(std::string_view why) override;
  RequestSink& on_stream(ResponseWriter& writer) override;
  void on_codec_done() override { close(); }

  void close();

  enum class State : uint8_t { kOpen, kClosed };

  WebHost& host_;
  State state_ = State::kOpen;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ServerCodec> codec_;
  IntrusiveList<WebStream> streams_;
};

}  // namespace woad
