// One request to a WebServer: waits for its end, asks the handler, writes the answer.
//
//   receiving ──▶ asked ──▶ ended
//       │           └──▶ streaming ──▶ ended
//       └──────────────────▶┘
// Owned by its connection. Small, as it may wait for long: its arena is of small chunks. A streamed
// answer ends with its body, with the client (over HTTP/1 a FIN is enough: nobody waits for the end
// of what has none), or with the process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/scheduler.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/http/stream.h"
#include "proxy/web/handler.h"

namespace woad {

class WebConnection;
class WebHost;

class WebStream final : public Deferred, public ListLink, public RequestSink {
 public:
  // A body that is not there so long after its head is answered 408.
  static constexpr Duration kBodyTimeout = seconds(30);

  WebStream(WebConnection& connection, ResponseWriter& writer);
  ~WebStream() override;

  // The client sends no more.
  void on_client_eof();

 private:
  enum class State : uint8_t { kReceiving, kAsked, kStreaming, kEnded };

  void on_request(RequestHead& head, bool end) override;
  void on_bad_request(RequestHead& head, LocalReply reply) override;
  void on_bad_body(LocalReply reply) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers& trailers) override;
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override { pump(); }
  Arena& arena() override { return arena_; }

  void on_late();
  void ask();
  // With an answer that ends the connection: nobody waits for the rest of the body.
  void cut(int status, ErrorCode code, const std::string& why);
  void cut_too_large();
  void write(WebResponse response);
  void write_piece(std::string_view text, bool end);
  void begin_stream(std::unique_ptr<WebBody> body);
  void pump();
  void finish();

  WebConnection& connection_;
  WebHost& host_;
  ResponseWriter& writer_;
  Arena arena_;
  Timer timer_;
  std::shared_ptr<WebStream*> self_ = std::make_shared<WebStream*>(this);
  RequestHead* head_ = nullptr;
  std::string body_;
  std::unique_ptr<WebPending> pending_;  // once asked
  std::unique_ptr<WebBody> streamed_;    // while streaming
  State state_ = State::kReceiving;
};

}  // namespace woad
