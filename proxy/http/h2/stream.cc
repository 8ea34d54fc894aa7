#include "proxy/http/h2/stream.h"

#include <nghttp2/nghttp2.h>

#include <cstring>

#include "proxy/http/h2/fields.h"
#include "proxy/http/h2/session.h"

namespace woad {
namespace {

// What an unfinished stream is ended with. A body that was cut short must not look complete, and an
// error is what tells the peer so.
uint32_t error_code_of(ResetReason reason) {
  switch (reason) {
    case ResetReason::kCancel:
    case ResetReason::kTimeout: return NGHTTP2_CANCEL;
    case ResetReason::kRefused: return NGHTTP2_REFUSED_STREAM;
    case ResetReason::kTunnelLost: return NGHTTP2_CONNECT_ERROR;  // RFC 9113 section 8.5
    case ResetReason::kConnectionLost:
    case ResetReason::kNotConnected:
    case ResetReason::kProtocolError:
    case ResetReason::kInternal: break;
  }
  return NGHTTP2_INTERNAL_ERROR;
}

char* put(char* at, const uint8_t* data, size_t size) {
  if (size > 0) std::memcpy(at, data, size);
  return at + size;
}

// The field list and its bytes in one block; empty when it is larger than any block.
Slice keep_fields(BlockPool& blocks, const H2Fields& fields) {
  const size_t array = fields.size() * sizeof(nghttp2_nv);
  size_t bytes = array;
  for (size_t i = 0; i < fields.size(); ++i) {
    bytes += fields.data()[i].namelen + fields.data()[i].valuelen;
  }
  if (bytes > BlockPool::kSizes[std::size(BlockPool::kSizes) - 1]) return {};
  Block* block = blocks.take(bytes);
  char* at = block->data() + array;
  for (size_t i = 0; i < fields.size(); ++i) {
    nghttp2_nv field = fields.data()[i];
    char* name = at;
    char* value = put(name, field.name, field.namelen);
    at = put(value, field.value, field.valuelen);
    field.name = reinterpret_cast<uint8_t*>(name);
    field.value = reinterpret_cast<uint8_t*>(value);
    field.flags = static_cast<uint8_t>(field.flags & ~NGHTTP2_NV_FLAG_NO_COPY_NAME);
    std::memcpy(block->data() + i * sizeof(nghttp2_nv), &field, sizeof(field));
  }
  return {block, block->data(), bytes};
}

}  // namespace

void H2Stream::send_data(Buffer&& data, bool end) {
  if (closed || sending != Sending::kBody) return;
  queue.append(std::move(data));
  if (end) sending = Sending::kEnded;
  if (queue.size() > session.limits().buffer) owes_room = true;
  session.resume(*this);
}

void H2Stream::send_trailers(const Headers& fields) {
  if (closed || sending != Sending::kBody) return;
  H2Fields list(fields);
  list.add_all(fields);
  if (list.size() > 0) {
    trailers = keep_fields(session.blocks(), list);
    if (trailers.empty()) return send_reset(NGHTTP2_INTERNAL_ERROR);
    trailer_count = static_cast<uint32_t>(list.size());
  }
  sending = Sending::kEnded;
  session.resume(*this);
}

bool H2Stream::has_room() const { return queue.size() <= session.limits().buffer; }

void H2Stream::set_held(bool on) {
  if (held == on) return;
  held = on;
  if (on || uncredited == 0) return;
  const size_t bytes = std::exchange(uncredited, 0);
  credit(bytes);
}

void H2Stream::credit(size_t bytes) {
  if (held) {
    uncredited += static_cast<uint32_t>(bytes);
  } else if (!closed && receiving == Receiving::kBody) {
    session.credit_stream(*this, bytes);
  }
}

void H2Stream::give_up(ResetReason reason) {
  WOAD_ASSERT(owner != Owner::kReleased);
  owner = Owner::kReleased;
  sink = nullptr;
  owes_room = false;
  session.released(*this);
  if (closed) return session.recycle(*this);
  if (!session.may_finish(*this)) return send_reset(error_code_of(reason));
  session.watch_unfinished();
}

void H2Stream::reset(ResetReason reason, std::string_view why) {
  queue.clear();
  receiving = Receiving::kEnded;
  if (owner != Owner::kOwned) return;
  owner = Owner::kTold;
  sink->on_reset(reason, why);
}

void H2Stream::send_reset(uint32_t error_code) {
  reset_by = ResetBy::kUs;
  queue.clear();
  sending = Sending::kSent;
  receiving = Receiving::kEnded;
  session.submit_reset(id, error_code);
}

void H2Stream::renew() {
  sink = nullptr;
  id = 0;
  sending = Sending::kHead;
  receiving = Receiving::kHead;
  owner = Owner::kOwned;
  closed = starved = owes_room = held = false;
  reset_by = ResetBy::kNobody;
  idle_sweeps = 0;
  uncredited = head_bytes = trailer_count = 0;
  left_then = 0;
  rules = {};
  queue.clear();
  trailers = Slice();
}

}  // namespace woad
