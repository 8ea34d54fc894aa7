#include "proxy/web/stream.h"

#include <utility>

#include "proxy/web/connection.h"

namespace woad {

WebStream::WebStream(WebConnection& connection, ResponseWriter& writer)
    : connection_(connection),
      host_(connection.host()),
      writer_(writer),
      arena_(host_.arenas()),
      timer_(host_.codec_context().scheduler.timers(), bind_timer<&WebStream::on_late>(this)) {}

WebStream::~WebStream() {
  // The process ends: the body, too, ends well.
  if (state_ == State::kStreaming) write_piece({}, true);
  host_.release_memory(body_.size());
  writer_.release(ResetReason::kCancel);
}

void WebStream::on_request(RequestHead& head, bool end) {
  head_ = &head;
  if (end) return ask();
  if (head.content_length.value_or(0) > host_.most_of_body()) return cut_too_large();
  timer_.arm(kBodyTimeout);
}

void WebStream::on_bad_request(RequestHead& head, LocalReply reply) {
  head_ = &head;
  WebResponse response =
      refuse(reply.effective_status(), error_info(reply.code).code, reply.details);
  response.last = reply.close;
  write(std::move(response));
}

void WebStream::on_bad_body(LocalReply reply) {
  if (state_ == State::kReceiving) {
    cut(reply.effective_status(), reply.code, reply.details);
  } else if (state_ != State::kEnded) {
    finish();
  }
}

void WebStream::on_data(Buffer&& data, bool end) {
  if (state_ != State::kReceiving) return;
  if (body_.size() + data.size() > host_.most_of_body()) return cut_too_large();
  if (!host_.take_memory(data.size())) {
    return cut(503, ErrorCode::kOverloaded, "too many requests at once");
  }
  data.for_each([this](const Slice& slice) { body_ += slice.view(); });
  if (end) ask();
}

void WebStream::on_trailers(Headers&) {
  if (state_ == State::kReceiving) ask();
}

void WebStream::on_reset(ResetReason, std::string_view) {
  if (state_ != State::kEnded) finish();
}

void WebStream::on_client_eof() {
  if (state_ != State::kStreaming) return;
  write_piece({}, true);
  finish();
}

void WebStream::on_late() {
  if (state_ != State::kReceiving) return;
  cut(408, ErrorCode::kBadRequest, "the body did not come within 30 s");
}

void WebStream::ask() {
  timer_.disarm();
  state_ = State::kAsked;
  host_.release_memory(body_.size());
  // The answer may come when this stream is gone.
  auto pending =
      host_.handler().answer({*head_, std::exchange(body_, {}), connection_.caller()},
                             [alive = std::weak_ptr<WebStream*>(self_)](WebResponse response) {
                               const auto stream = alive.lock();
                               if (stream && (*stream)->state_ == State::kAsked)
                                 (*stream)->write(std::move(response));
                             });
  pending_ = std::move(pending);
}

void WebStream::cut(int status, ErrorCode code, const std::string& why) {
  WebResponse response = refuse(status, error_info(code).code, why);
  response.last = true;
  write(std::move(response));
}

void WebStream::cut_too_large() {
  cut(413, ErrorCode::kBadRequest,
      "the body is over " + std::to_string(host_.most_of_body() / 1024) + " KiB");
}

void WebStream::write(WebResponse response) {
  timer_.disarm();
  Buffer body = response.shared != nullptr ? response.shared->share()
                                           : Buffer(host_.codec_context().blocks, response.body);
  // RFC 9110 sections 15.3.5 and 15.4.5.
  const bool bodiless = response.status == 204 || response.status == 304;
  const bool streamed = response.stream != nullptr;
  const bool streams = streamed && head_->method != Method::kHead;
  response.last = response.last || (streams && connection_.is_http1());
  auto* head = arena_.make<ResponseHead>(arena_);
  head->status = response.status;
  Headers& headers = head->headers;
  if (!bodiless) {
    if (!streamed) head->content_length = body.size();
    headers.add("content-type", response.content_type);
  }
  headers.add("cache-control", "no-store");
  headers.add("x-content-type-options", "nosniff");
  for (const auto& [name, value] : response.headers) headers.add(name, arena_.copy(value));
  const bool empty = bodiless || (streamed ? !streams : body.empty());
  if (response.last) connection_.drain();
  writer_.write_head(*head, empty, response.last);
  if (streams) return begin_stream(std::move(response.stream));
  if (!empty) writer_.write_data(std::move(body), true);
  connection_.on_answered();
  finish();
}

void WebStream::write_piece(std::string_view text, bool end) {
  writer_.write_data({host_.codec_context().blocks, text}, end);
}

void WebStream::begin_stream(std::unique_ptr<WebBody> body) {
  state_ = State::kStreaming;
  connection_.on_stream_begins();
  streamed_ = std::move(body);
  streamed_->start(host_.codec_context().scheduler, [this] { pump(); });
  pump();
}

// As much as there is and the client takes.
void WebStream::pump() {
  while (state_ == State::kStreaming && writer_.writable()) {
    std::string piece;
    const bool last = !streamed_->read(piece);
    if (!piece.empty() || last) write_piece(piece, last);
    if (last) {
      finish();
    } else if (piece.empty()) {
      return;
    }
  }
}

void WebStream::finish() {
  timer_.disarm();
  state_ = State::kEnded;
  self_.reset();
  connection_.on_stream_end(*this);
}

}  // namespace woad
