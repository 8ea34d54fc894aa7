#include "proxy/server/admin_connection.h"

#include <string>
#include <utility>

#include "proxy/http/h1/server_codec.h"

namespace woad {
namespace {

HttpLimits admin_limits() {
  HttpLimits limits;
  limits.idle_timeout = minutes(1);
  return limits;
}

}  // namespace

// One request: waits for its end, asks the API, writes the answer.
//
//   receiving ──▶ asked ──▶ ended
//       └───────────┴────────▶┘
class AdminStream final : public Deferred, public ListLink, public RequestSink {
 public:
  AdminStream(AdminConnection& connection, ResponseWriter& writer)
      : connection_(connection), writer_(writer) {}
  ~AdminStream() override { writer_.release(ResetReason::kCancel); }

  void on_request(RequestHead& head, bool end) override {
    head_ = &head;
    if (end) ask();
  }

  void on_bad_request(RequestHead&, LocalReply reply) override {
    write({.status = reply.effective_status(), .body = reply.details + "\n"}, reply.close);
  }

  void on_data(Buffer&& data, bool end) override {
    if (state_ != State::kReceiving) return;
    received_ += data.size();
    if (received_ > AdminConnection::kMaxBody) {
      write({.status = 413, .body = "no admin request needs a body of this size\n"}, true);
    } else if (end) {
      ask();
    }
  }

  void on_trailers(Headers&) override {
    if (state_ == State::kReceiving) ask();
  }
  void on_reset(ResetReason, std::string_view) override {
    if (state_ != State::kEnded) finish();
  }
  void on_writable() override {}
  Arena& arena() override { return arena_; }

 private:
  enum class State : uint8_t { kReceiving, kAsked, kEnded };

  void ask() {
    state_ = State::kAsked;
    // The answer may come when this stream is gone.
    connection_.host_.api().answer(
        *head_, connection_.scope_, connection_.loopback_,
        [alive = std::weak_ptr<AdminStream*>(self_)](AdminResponse response) {
          if (const auto stream = alive.lock()) (*stream)->on_answer(std::move(response));
        });
  }

  void on_answer(AdminResponse response) {
    if (state_ == State::kAsked) write(std::move(response), false);
  }

  void write(AdminResponse response, bool close) {
    auto* head = arena_.make<ResponseHead>(arena_);
    head->status = response.status;
    head->content_length = response.body.size();
    Headers& headers = head->headers;
    headers.add("content-type", response.content_type);
    headers.add("cache-control", "no-store");
    headers.add("x-content-type-options", "nosniff");
    headers.add("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
    if (!response.allow.empty()) headers.add("allow", response.allow);
    const bool empty = response.body.empty();
    writer_.write_head(*head, empty, close);
    if (!empty) {
      Buffer body;
      body.append(connection_.host_.codec_context().blocks, response.body);
      writer_.write_data(std::move(body), true);
    }
    finish();
  }

  void finish() {
    state_ = State::kEnded;
    self_.reset();
    connection_.on_stream_end(*this);
  }

  AdminConnection& connection_;
  ResponseWriter& writer_;
  ArenaPool chunks_;
  Arena arena_{chunks_};
  std::shared_ptr<AdminStream*> self_ = std::make_shared<AdminStream*>(this);
  RequestHead* head_ = nullptr;
  uint64_t received_ = 0;
  State state_ = State::kReceiving;
};

AdminConnection::AdminConnection(AdminHost& host, AdminScope scope, bool loopback,
                                 std::unique_ptr<Transport> transport)
    : host_(host), scope_(scope), loopback_(loopback), transport_(std::move(transport)) {
  ServerConnection& self = *this;
  codec_ = std::make_unique<H1ServerCodec>(*transport_, self, host.codec_context(), admin_limits());
}

AdminConnection::~AdminConnection() {
  while (!streams_.empty()) delete &streams_.pop_front();
  codec_.reset();
  Transport::close_after_flush(std::move(transport_));
}

void AdminConnection::start() { transport_->start(*this); }

void AdminConnection::drain() { codec_->begin_drain(); }

void AdminConnection::on_bytes(Slice bytes) { codec_->on_bytes(std::move(bytes)); }
void AdminConnection::on_eof() { codec_->on_eof(); }
void AdminConnection::on_drained() { codec_->on_transport_drained(); }

void AdminConnection::on_lost(std::string_view why) {
  codec_->on_transport_lost(why);
  close();
}

RequestSink& AdminConnection::on_stream(ResponseWriter& writer) {
  auto* stream = new AdminStream(*this, writer);
  streams_.push_back(*stream);
  return *stream;
}

void AdminConnection::on_stream_end(AdminStream& stream) {
  stream.unlink();
  host_.codec_context().scheduler.defer_delete(std::unique_ptr<Deferred>(&stream));
}

void AdminConnection::close() {
  if (closing_) return;
  closing_ = true;
  host_.on_admin_closed(*this);
}

}  // namespace woad
