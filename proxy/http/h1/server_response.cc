// The writing half of H1ServerCodec.
#include <optional>
#include <utility>

#include "proxy/http/h1/framing.h"
#include "proxy/http/h1/serializer.h"
#include "proxy/http/h1/server_codec.h"

namespace woad {

void H1ServerCodec::write_interim(const ResponseHead& head) {
  if (tx_ != Tx::kHead || http10_ || done_) return;
  h1::write_response_head(transport_.output(), context_.blocks, head, {});
  transport_.wrote();
}

void H1ServerCodec::write_head(const ResponseHead& head, bool end, bool close) {
  WOAD_ASSERT(tx_ == Tx::kHead);
  if (done_ || lost_) return;
  if (head.status == 101) {
    begin_tunnel(head);
    return;
  }
  // A response that overtakes the request's body leaves no way to tell where the next request
  // would begin, but to read on for the sake of it (attack 0.CL). Behind an upgrade that was
  // declined, nobody knows what is a request and what was meant for the new protocol, also when it
  // is still on its way.
  const bool overtakes = rx_ == Rx::kBody;
  const bool last = draining_ || (eof_ && pending_.empty());
  if (close || overtakes || upgrade_asked_ || last) keep_alive_ = false;
  const bool bodiless = to_head_ || h1::status_has_no_body(head.status);
  h1::HeadExtras extras;
  if (bodiless) {
    // RFC 9110 section 8.6: the length that a 200 to GET would have; 204 has none.
    if (head.status != 204) extras.content_length = head.content_length;
  } else if (head.content_length.has_value() || end) {
    extras.content_length = head.content_length.value_or(0);
    unwritten_ = *extras.content_length;
    delimit_ = Delimit::kLength;
  } else if (http10_) {
    delimit_ = Delimit::kClose;
    keep_alive_ = false;
  } else {
    extras.chunked = true;
    delimit_ = Delimit::kChunks;
  }
  if (!keep_alive_) {
    extras.connection = "close";
  } else if (http10_) {
    extras.connection = "keep-alive";
  }
  h1::write_response_head(transport_.output(), context_.blocks, head, extras);
  transport_.wrote();
  tx_ = Tx::kBody;
  if (bodiless) {
    tx_ = Tx::kEnd;
  } else if (end) {
    end_response();
  }
}

void H1ServerCodec::begin_tunnel(const ResponseHead& head) {
  WOAD_ASSERT(rx_ == Rx::kUpgrade);
  h1::HeadExtras extras;
  extras.connection = "upgrade";
  extras.upgrade = head.upgrade;
  h1::write_response_head(transport_.output(), context_.blocks, head, extras);
  transport_.wrote();
  keep_alive_ = false;
  tx_ = Tx::kTunnel;
  rx_ = Rx::kTunnel;
  if (!pending_.empty() || eof_) context_.scheduler.at_turn_end(*this);
}

void H1ServerCodec::write_data(Buffer&& data, bool end) {
  if (done_ || lost_) return;
  Buffer& out = transport_.output();
  if (tx_ == Tx::kTunnel) {
    h1::write_content(out, context_.blocks, std::move(data));
    transport_.wrote();
    if (!end) return;
    tx_ = Tx::kEnd;
    transport_.shutdown_write();
    return;
  }
  if (tx_ != Tx::kBody) return;
  switch (delimit_) {
    case Delimit::kLength:
      if (data.size() > unwritten_) {  // never more than was declared
        data = data.take(static_cast<size_t>(unwritten_));
        keep_alive_ = false;
      }
      unwritten_ -= data.size();
      h1::write_content(out, context_.blocks, std::move(data));
      break;
    case Delimit::kChunks: h1::write_chunk(out, context_.blocks, std::move(data)); break;
    case Delimit::kClose: h1::write_content(out, context_.blocks, std::move(data)); break;
  }
  if (end) {
    if (delimit_ == Delimit::kChunks) h1::write_last_chunk(out, context_.blocks);
    end_response();
  }
  transport_.wrote();
}

void H1ServerCodec::write_trailers(const Headers& trailers) {
  if (tx_ != Tx::kBody || delimit_ != Delimit::kChunks) {
    write_data(Buffer(), true);
    return;
  }
  if (done_ || lost_) return;
  h1::write_last_chunk(transport_.output(), context_.blocks, trailers);
  transport_.wrote();
  end_response();
}

void H1ServerCodec::end_response() {
  tx_ = Tx::kEnd;
  // Less than declared: only the end of the connection tells the client so.
  if (delimit_ == Delimit::kLength && unwritten_ > 0) keep_alive_ = false;
}

void H1ServerCodec::hold_reading(bool on) {
  if (stream_held_ == on || lost_ || done_) return;
  stream_held_ = on;
  transport_.hold_reading(Hold::kStream, on);
}

void H1ServerCodec::release(ResetReason) {
  WOAD_ASSERT(sink_ != nullptr);
  hold_reading(false);
  sink_ = nullptr;
  reader_ = nullptr;
  const Tx tx = std::exchange(tx_, Tx::kIdle);
  if (done_) return;
  const bool read_all = rx_ == Rx::kEnd || rx_ == Rx::kUpgrade;
  upgrade_asked_ = false;
  if (tx == Tx::kEnd && read_all && keep_alive_ && !(draining_ && pending_.empty())) {
    next_request();
    return;
  }
  // Only a reset tells a client that a body without length was cut.
  if (tx == Tx::kBody && delimit_ == Delimit::kClose && !lost_) transport_.abort_on_destroy();
  done(tx == Tx::kEnd ? "the answer was its last" : "its answer was cut");
}

}  // namespace woad
