// One request to an admin address: waits for its end, asks the API, writes the answer.
//
//   receiving ──▶ asked ──▶ ended
//       │           └──▶ streaming ──▶ ended
//       └──────────────────────────────▶┘
// Owned by its connection. A streamed answer ends with its body, with the client (a FIN is enough:
// nobody waits for the end of what has none), or with the process.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "proxy/admin/response.h"
#include "proxy/http/stream.h"

namespace woad {

class AdminConnection;

class AdminStream final : public Deferred, public ListLink, public RequestSink {
 public:
  AdminStream(AdminConnection& connection, ResponseWriter& writer)
      : connection_(connection), writer_(writer) {}
  ~AdminStream() override;

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

  void ask();
  void write(AdminResponse response, bool close);
  void write_head(const AdminResponse& response, bool end, bool close);
  void write_piece(std::string_view text, bool end);
  void begin_stream(std::unique_ptr<AdminBody> body);
  void pump();
  void finish();

  AdminConnection& connection_;
  ResponseWriter& writer_;
  ArenaPool chunks_;
  Arena arena_{chunks_};
  std::shared_ptr<AdminStream*> self_ = std::make_shared<AdminStream*>(this);
  RequestHead* head_ = nullptr;
  std::unique_ptr<AdminBody> body_;  // while streaming
  uint64_t received_ = 0;
  State state_ = State::kReceiving;
};

}  // namespace woad
