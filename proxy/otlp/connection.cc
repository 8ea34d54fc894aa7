#include "proxy/otlp/connection.h"

#include <algorithm>
#include <utility>

#include "proxy/http/h1/client_codec.h"

namespace woad {

OtlpConnection::OtlpConnection(OtlpConnectionOwner& owner, Scheduler& scheduler, BlockPool& blocks,
                               std::unique_ptr<Transport> transport)
    : owner_(owner), blocks_(blocks), transport_(std::move(transport)) {
  ClientConnection& self = *this;
  codec_ = std::make_unique<H1ClientCodec>(*transport_, self,
                                           CodecContext{scheduler, blocks, hostile_}, HttpLimits{});
  transport_->start(*this);
}

OtlpConnection::~OtlpConnection() {
  closed_ = true;  // the codec tells of what ends with it
  codec_.reset();
}

void OtlpConnection::send(RequestHead& head, const std::string& body) {
  head.content_length = body.size();
  answer_ = {};
  writer_ = &codec_->open_stream(*this);
  writer_->write_head(head, false);
  Buffer data;
  data.append(blocks_, body);
  writer_->write_data(std::move(data), true);
}

void OtlpConnection::close() {
  if (closed_) return;
  closed_ = true;
  if (writer_ != nullptr) std::exchange(writer_, nullptr)->release(ResetReason::kCancel);
}

// The stream is released first: the connection may then be ready for the next request.
void OtlpConnection::finish() {
  if (closed_ || writer_ == nullptr) return;
  std::exchange(writer_, nullptr)->release(ResetReason::kCancel);
  owner_.on_answer(std::exchange(answer_, {}));
}

void OtlpConnection::fail(std::string_view why) {
  answer_ = {};
  answer_.why = transport_->peer().to_string() + ": " + std::string(why);
  finish();
}

void OtlpConnection::on_bytes(Slice bytes) {
  if (!closed_) codec_->on_bytes(std::move(bytes));
}

void OtlpConnection::on_eof() {
  if (!closed_) codec_->on_eof();
}

void OtlpConnection::on_drained() {
  if (!closed_) codec_->on_transport_drained();
}

void OtlpConnection::on_lost(std::string_view why) {
  if (!closed_) codec_->on_transport_lost(why);
}

// Comes from within release(), too, when the connection cannot be used again.
void OtlpConnection::on_codec_done() {
  if (closed_) return;
  closed_ = true;
  owner_.on_closed();
}

void OtlpConnection::on_response(ResponseHead& head, bool end) {
  answer_.status = head.status;
  if (const Header* field = head.headers.find("retry-after")) answer_.retry_after = field->value;
  if (end) finish();
}

void OtlpConnection::on_data(Buffer&& data, bool end) {
  const size_t room = OtlpClient::kMaxAnswer - answer_.body.size();
  const bool too_long = data.size() > room;
  data.take(std::min(data.size(), room)).for_each([&](const Slice& slice) {
    answer_.body.append(slice.view());
  });
  if (!too_long) {
    if (end) finish();
    return;
  }
  // Nobody reads the rest of it.
  OtlpAnswer answer = std::exchange(answer_, {});
  close();
  owner_.on_closed();
  owner_.on_answer(std::move(answer));
}

void OtlpConnection::on_reset(ResetReason, std::string_view why) { fail(why); }

}  // namespace woad
