// The writing half of H1ServerCodec.
#include <utility>

#include "proxy/http/h1/framing.h"
#include "proxy/http/h1/serializer.h"
#include "proxy/http/h1/server_codec.h"

namespace woad {

using h1::BodyWriter;

void H1ServerCodec::write_interim(const ResponseHead& head) {
  if (gone() || request_->body.begun() || request_->http10) return;
  h1::write_response_head(transport_.output(), context_.blocks, head, {});
  transport_.wrote();
}

void H1ServerCodec::write_head(const ResponseHead& head, bool end, bool close) {
  WOAD_ASSERT(!request_->body.begun());
  if (gone()) return;
  if (head.status == 101 || (request_->method == Method::kConnect && head.status / 100 == 2)) {
    begin_tunnel(head);
    return;
  }
  // A response that overtakes the request's body leaves no way to tell where the next request
  // would begin, but to read on for the sake of it (attack 0.CL). Behind a tunnel that was
  // declined, nobody knows what is a request and what was meant for the new protocol, also when it
  // is still on its way.
  const bool overtakes = rx_ == Rx::kBody;
  const bool last = life_ == Life::kDraining || (life_ == Life::kHalfClosed && pending_.empty());
  Request& request = *request_;
  if (close || overtakes || request.wants_tunnel || last) request.keep_alive = false;
  const bool bodiless = request.method == Method::kHead || h1::status_has_no_body(head.status);
  h1::HeadExtras extras;
  if (bodiless) {
    // RFC 9110 section 8.6: the length that a 200 to GET would have; 204 has none.
    if (head.status != 204) extras.content_length = head.content_length;
  } else {
    request.body = body_for(head, end);
    request.body.declare(extras);
    if (request.body.until_close_alone()) request.keep_alive = false;
  }
  if (!request.keep_alive) {
    extras.connection = "close";
  } else if (request.http10) {
    extras.connection = "keep-alive";
  }
  h1::write_response_head(transport_.output(), context_.blocks, head, extras);
  transport_.wrote();
  if (bodiless || end) request.body.end();
}

BodyWriter H1ServerCodec::body_for(const ResponseHead& head, bool end) const {
  if (head.content_length.has_value() || end) {
    return BodyWriter::of_length(head.content_length.value_or(0));
  }
  return request_->http10 ? BodyWriter::until_close() : BodyWriter::in_chunks();
}

void H1ServerCodec::begin_tunnel(const ResponseHead& head) {
  WOAD_ASSERT(rx_ == Rx::kUpgrade);
  h1::HeadExtras extras;
  if (!head.upgrade.empty()) extras.connection = "upgrade";
  extras.upgrade = head.upgrade;
  h1::write_response_head(transport_.output(), context_.blocks, head, extras);
  transport_.wrote();
  request_->keep_alive = false;
  request_->body = BodyWriter::tunnel();
  rx_ = Rx::kTunnel;
  if (!pending_.empty() || life_ == Life::kHalfClosed) context_.scheduler.at_turn_end(*this);
}

void H1ServerCodec::write_data(Buffer&& data, bool end) {
  if (!gone()) request_->body.write(transport_, context_.blocks, std::move(data), end);
}

void H1ServerCodec::write_trailers(const Headers& trailers) {
  if (!gone()) request_->body.write_trailers(transport_, context_.blocks, trailers);
}

void H1ServerCodec::hold_reading(bool on) {
  if (request_->held == on || gone()) return;
  request_->held = on;
  transport_.hold_reading(Hold::kStream, on);
}

void H1ServerCodec::release(ResetReason) {
  WOAD_ASSERT(request_ != nullptr);
  hold_reading(false);
  const Request& request = *std::exchange(request_, nullptr);
  if (life_ == Life::kDone) return;
  const bool read_all = rx_ == Rx::kEnd || rx_ == Rx::kUpgrade;
  const bool wanted = !(life_ == Life::kDraining && pending_.empty());
  if (request.body.ended() && read_all && request.keep_alive && request.body.exact() && wanted) {
    next_request();
    return;
  }
  // Only a reset tells a client that a body without length was cut, or a tunnel.
  if (request.body.until_close_alone() && !gone()) transport_.abort_on_destroy();
  done(request.body.ended() ? "the answer was its last" : "its answer was cut");
}

}  // namespace woad
