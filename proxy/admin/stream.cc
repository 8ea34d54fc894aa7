#include "proxy/admin/stream.h"

#include <string>
#include <utility>

#include "proxy/admin/connection.h"

namespace woad {

AdminStream::~AdminStream() {
  // The process ends: the body, too, ends well.
  if (state_ == State::kStreaming) write_piece({}, true);
  writer_.release(ResetReason::kCancel);
}

void AdminStream::on_request(RequestHead& head, bool end) {
  head_ = &head;
  if (end) ask();
}

void AdminStream::on_bad_request(RequestHead& head, LocalReply reply) {
  head_ = &head;
  write({.status = reply.effective_status(), .body = reply.details + "\n"}, reply.close);
}

void AdminStream::on_bad_body(LocalReply reply) {
  if (state_ == State::kReceiving) {
    write({.status = reply.effective_status(), .body = reply.details + "\n"}, true);
  } else if (state_ != State::kEnded) {
    finish();
  }
}

void AdminStream::on_data(Buffer&& data, bool end) {
  if (state_ != State::kReceiving) return;
  received_ += data.size();
  if (received_ > AdminConnection::kMaxBody) {
    write({.status = 413, .body = "no admin request needs a body of this size\n"}, true);
  } else if (end) {
    ask();
  }
}

void AdminStream::on_trailers(Headers&) {
  if (state_ == State::kReceiving) ask();
}

void AdminStream::on_reset(ResetReason, std::string_view) {
  if (state_ != State::kEnded) finish();
}

void AdminStream::on_client_eof() {
  if (state_ != State::kStreaming) return;
  write_piece({}, true);
  finish();
}

void AdminStream::ask() {
  state_ = State::kAsked;
  // The answer may come when this stream is gone.
  connection_.ask(*head_, [alive = std::weak_ptr<AdminStream*>(self_)](AdminResponse response) {
    const auto stream = alive.lock();
    if (stream && (*stream)->state_ == State::kAsked) {
      (*stream)->write(std::move(response), false);
    }
  });
}

void AdminStream::write(AdminResponse response, bool close) {
  const bool bodiless = head_->method == Method::kHead;
  if (response.stream != nullptr && !bodiless) {
    write_head(response, false, true);
    begin_stream(std::move(response.stream));
    return;
  }
  const bool empty = response.stream != nullptr || response.body.empty();
  write_head(response, empty, close);
  if (!empty) write_piece(response.body, true);
  finish();
}

void AdminStream::write_head(const AdminResponse& response, bool end, bool close) {
  auto* head = arena_.make<ResponseHead>(arena_);
  head->status = response.status;
  if (response.stream == nullptr) head->content_length = response.body.size();
  Headers& headers = head->headers;
  headers.add("content-type", response.content_type);
  headers.add("cache-control", "no-store");
  headers.add("x-content-type-options", "nosniff");
  headers.add("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
  if (!response.allow.empty()) headers.add("allow", response.allow);
  writer_.write_head(*head, end, close);
}

void AdminStream::write_piece(std::string_view text, bool end) {
  Buffer piece;
  piece.append(connection_.codec_context().blocks, text);
  writer_.write_data(std::move(piece), end);
}

void AdminStream::begin_stream(std::unique_ptr<AdminBody> body) {
  state_ = State::kStreaming;
  connection_.on_stream_begins_body();
  body_ = std::move(body);
  body_->start(connection_.codec_context().scheduler, [this] { pump(); });
  pump();
}

// As much as there is and the client takes.
void AdminStream::pump() {
  while (state_ == State::kStreaming && writer_.writable()) {
    std::string piece;
    const bool last = !body_->read(piece);
    if (!piece.empty() || last) write_piece(piece, last);
    if (last) {
      finish();
    } else if (piece.empty()) {
      return;
    }
  }
}

void AdminStream::finish() {
  state_ = State::kEnded;
  self_.reset();
  connection_.on_stream_end(*this);
}

}  // namespace woad
