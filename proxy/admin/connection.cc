#include "proxy/admin/connection.h"

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

AdminConnection::AdminConnection(AdminHost& host, AdminScope scope, bool loopback,
                                 std::unique_ptr<Transport> transport)
    : host_(host), scope_(scope), loopback_(loopback), transport_(std::move(transport)) {
  ServerConnection& self = *this;
  codec_ = std::make_unique<H1ServerCodec>(*transport_, self, host.codec_context(), admin_limits());
}

AdminConnection::~AdminConnection() {
  closing_ = true;
  while (!streams_.empty()) delete &streams_.pop_front();
  codec_.reset();
  Transport::close_after_flush(std::move(transport_));
}

void AdminConnection::start() { transport_->start(*this); }

void AdminConnection::drain() { codec_->begin_drain(); }

// What comes behind a request with a streamed answer is thrown away, so that reading goes on and
// the client's end is noticed.
void AdminConnection::on_bytes(Slice bytes) {
  if (streaming_) return;
  codec_->on_bytes(std::move(bytes));
  if (streaming_) transport_->hold_reading(Hold::kPipeline, false);
}

void AdminConnection::on_eof() {
  codec_->on_eof();
  streams_.for_each([](AdminStream& stream) { stream.on_client_eof(); });
}

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

void AdminConnection::ask(const RequestHead& request, AdminApi::Done done) {
  host_.api().answer(request, scope_, loopback_, std::move(done));
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
