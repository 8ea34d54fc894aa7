#include "tests/matrix/ends.h"

#include <algorithm>

#include "proxy/http/h1/client_codec.h"
#include "proxy/http/h1/server_codec.h"
#include "proxy/http/h2/client_codec.h"
#include "proxy/http/h2/server_codec.h"

namespace woad::test {
namespace {

constexpr size_t kPiece = 16 * 1024;

std::string piece_at(size_t from, size_t total) {
  std::string piece(std::min(kPiece, total - from), ' ');
  for (size_t i = 0; i < piece.size(); ++i) piece[i] = pattern(from + i);
  return piece;
}

void fill(Headers& headers, const Fields& fields) {
  for (const auto& [name, value] : fields) headers.add_copy(name, value);
}

}  // namespace

bool is_pattern(std::string_view body, size_t total) {
  if (body.size() != total) return false;
  for (size_t i = 0; i < total; ++i) {
    if (body[i] != pattern(i)) return false;
  }
  return true;
}

std::string StreamLog::fields(const Headers& headers) {
  std::string text;
  for (const Header& field : headers) {
    const bool own = field.name.starts_with("x-woad-") || field.name.starts_with("x-forwarded-");
    const bool shown = (field.name.starts_with("x-") && !own) || field.name == "grpc-status" ||
                       field.name == "cookie";
    if (shown) text += " " + std::string(field.name) + "=" + std::string(field.value);
  }
  return text;
}

void StreamLog::add(std::string_view event) {
  if (!text.empty()) text += " | ";
  text += event;
}

void StreamLog::head(std::string line, std::optional<uint64_t> length, const Headers& headers) {
  if (length) line += " length=" + std::to_string(*length);
  add(line + fields(headers));
}

void StreamLog::data(Buffer&& data, bool end) {
  CHECK_FALSE(ended);
  body += data.to_string();
  if (!end) return;
  ended = true;
  add("end");
}

void StreamLog::trailers(const Headers& headers) {
  CHECK_FALSE(ended);
  ended = true;
  add("trailers" + fields(headers));
}

void StreamLog::reset(ResetReason reason) {
  CHECK_FALSE(was_reset);
  was_reset = reason;
  add("reset");
}

Call::~Call() { cancel(); }

void Call::send(RequestWriter& writer, const Ask& ask) {
  writer_ = &writer;
  auto* head = arena_.make<RequestHead>(arena_);
  head->method_name = ask.method;
  head->method = method_of(ask.method);
  head->authority = ask.authority;
  head->path = arena_.copy(ask.path);
  head->content_length = ask.length;
  head->te_trailers = true;
  fill(head->headers, ask.fields);
  writer.write_head(*head, ask.end);
}

void Call::write_trailers(const Fields& fields) {
  Headers trailers(arena_);
  fill(trailers, fields);
  writer_->write_trailers(trailers);
}

void Call::pour(size_t total) {
  to_pour_ = total;
  on_writable();
}

void Call::on_writable() {
  while (writer_ != nullptr && poured_ < to_pour_ && writer_->writable()) {
    const std::string piece = piece_at(poured_, to_pour_);
    poured_ += piece.size();
    write(piece, poured_ == to_pour_);
  }
}

void Call::cancel() {
  if (writer_ != nullptr) std::exchange(writer_, nullptr)->release(ResetReason::kCancel);
}

void Call::over_if(bool end) {
  if (end) cancel();
}

void Call::on_interim(ResponseHead& head) {
  log.head(std::to_string(head.status), {}, head.headers);
}

void Call::on_response(ResponseHead& head, bool end) {
  log.head(std::to_string(head.status), head.content_length, head.headers);
  if (const Header* field = head.headers.find("x-woad-error")) error = field->value;
  if (end) log.data(Buffer(), true);
  over_if(end);
}

void Call::on_data(Buffer&& data, bool end) {
  log.data(std::move(data), end);
  if (std::exchange(hold_at_first_data, false) && !end) hold(true);
  over_if(end);
}

void Call::on_trailers(Headers& trailers) {
  log.trailers(trailers);
  over_if(true);
}

void Call::on_reset(ResetReason reason, std::string_view) {
  log.reset(reason);
  over_if(true);
}

Served::~Served() { release(ResetReason::kCancel); }

void Served::release(ResetReason reason) {
  if (writer_ != nullptr) std::exchange(writer_, nullptr)->release(reason);
}

void Served::head(const Answer& answer, bool end) {
  ResponseHead head(arena_);
  head.status = answer.status;
  head.content_length = answer.length;
  fill(head.headers, answer.fields);
  writer_->write_head(head, end, false);
  if (end) release(ResetReason::kCancel);
}

void Served::answer(const Answer& answer) {
  head(answer, answer.body.empty());
  if (!answer.body.empty()) write(answer.body, true);
}

void Served::interim(int status, const Fields& fields) {
  ResponseHead head(arena_);
  head.status = status;
  fill(head.headers, fields);
  writer_->write_interim(head);
}

void Served::write(std::string_view text, bool end) {
  writer_->write_data(ground_.bytes(text), end);
  if (end) release(ResetReason::kCancel);
}

void Served::write_trailers(const Fields& fields) {
  Headers trailers(arena_);
  fill(trailers, fields);
  writer_->write_trailers(trailers);
  release(ResetReason::kCancel);
}

void Served::pour(size_t total) {
  to_pour_ = total;
  on_writable();
}

void Served::on_writable() {
  while (writer_ != nullptr && poured_ < to_pour_ && writer_->writable()) {
    const std::string piece = piece_at(poured_, to_pour_);
    poured_ += piece.size();
    write(piece, poured_ == to_pour_);
  }
}

void Served::give_up(ResetReason reason) { release(reason); }

void Served::on_request(RequestHead& head, bool end) {
  request_ = &head;
  log.head(std::string(head.method_name) + " " + std::string(head.path), head.content_length,
           head.headers);
  if (handler_) handler_(*this);
  if (!end) return;
  log.data(Buffer(), true);
  if (on_end) on_end(*this);
}

void Served::on_bad_request(RequestHead& head, LocalReply reply) {
  request_ = &head;
  log.add("bad request: " + reply.details);
  answer({.status = reply.effective_status(), .length = 0});
}

void Served::on_data(Buffer&& data, bool end) {
  log.data(std::move(data), end);
  if (end && on_end) on_end(*this);
}

void Served::on_trailers(Headers& trailers) {
  log.trailers(trailers);
  if (on_end) on_end(*this);
}

void Served::on_reset(ResetReason reason, std::string_view) {
  log.reset(reason);
  release(ResetReason::kCancel);
}

ClientEnd::ClientEnd(Ground& ground, std::unique_ptr<Transport> transport, Protocol protocol,
                     const HttpLimits& limits)
    : ground_(ground), transport_(std::move(transport)) {
  transport_->set_high_water(limits.buffer);
  ClientConnection& self = *this;
  if (protocol == Protocol::kHttp2) {
    codec_ = std::make_unique<H2ClientCodec>(*transport_, self, ground.codec, limits);
  } else {
    codec_ = std::make_unique<H1ClientCodec>(*transport_, self, ground.codec, limits);
  }
  transport_->start(*this);
}

ClientEnd::~ClientEnd() { calls_.clear(); }

Call& ClientEnd::call(const Call::Ask& ask) {
  Call& call = calls_.emplace_back(ground_);
  call.send(codec_->open_stream(call), ask);
  return call;
}

void ClientEnd::reap() {
  if (done_ && transport_ != nullptr) ground_.scheduler.defer_delete(std::move(transport_));
}

ServerEnd::ServerEnd(Ground& ground, std::unique_ptr<Transport> transport, Protocol protocol,
                     const HttpLimits& limits, const Handler& handler, std::deque<Served>& served)
    : ground_(ground), handler_(handler), served_(served), transport_(std::move(transport)) {
  transport_->set_high_water(limits.buffer);
  ServerConnection& self = *this;
  if (protocol == Protocol::kHttp2) {
    codec_ = std::make_unique<H2ServerCodec>(*transport_, self, ground.codec, limits);
  } else {
    codec_ = std::make_unique<H1ServerCodec>(*transport_, self, ground.codec, limits);
  }
  transport_->start(*this);
}

ServerEnd::~ServerEnd() = default;

RequestSink& ServerEnd::on_stream(ResponseWriter& writer) {
  Served& served = served_.emplace_back(ground_, writer);
  served.handler_ = handler_;
  return served;
}

void ServerEnd::reap() {
  if (done_ && transport_ != nullptr) Transport::close_after_flush(std::move(transport_));
}

}  // namespace woad::test
