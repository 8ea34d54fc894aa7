// What arrives: decrypted into blocks, as far as the sink wants to read.
#include <algorithm>

#include "proxy/net/tls/layer.h"

namespace woad {
namespace {

// What only answers to post-handshake messages can reach, of a peer that sends them without end and
// reads nothing.
constexpr size_t kMaxLowerBacklog = size_t{256} * 1024;
// A block with less room than this is not written to again.
constexpr size_t kWorthwhile = 512;

}  // namespace

bool TlsTransport::has_input() const {
  if (session_ == nullptr) return !ends_.input.empty();
  return !input_done() && (!ends_.input.empty() || session_->pending() > 0);
}

bool TlsTransport::input_done() const {
  return read_status_ == TlsSession::Status::kClosed || read_status_ == TlsSession::Status::kFailed;
}

// The inner one of two calls (a sink that makes the lower transport deliver) leaves it to the
// outer.
void TlsTransport::deliver() {
  if (delivering_) return;
  if (may_deliver() && has_input()) {
    delivering_ = true;
    const Alive alive(*this);
    while (may_deliver() && has_input()) {
      if (session_ == nullptr) {
        sink_->on_bytes(ends_.input.take_front());
      } else {
        deliver_block();
      }
      if (!alive) return;
    }
    delivering_ = false;
    settle_block();
  }
  if (may_deliver()) end_input();
}

// A large block goes with its readers; a small one may take the next small piece, too.
void TlsTransport::settle_block() {
  if (block_ == nullptr) return;
  if (block_->refs == 1 || block_->capacity > BlockPool::kSizes[0]) {
    drop_block();
  } else {
    scheduler_.at_turn_end(*this);
  }
}

// One slice, of as many records as there are and fit.
void TlsTransport::deliver_block() {
  const size_t room = make_room();
  const size_t owed = lower_->backlog();
  char* const to = block_->data() + block_used_;
  size_t count = 0;
  read_status_ = fill(to, room, count);
  if (lower_->backlog() != owed) lower_->wrote();  // answers to post-handshake messages, an alert
  if (count > 0) {
    heard_ = true;
    block_used_ += static_cast<uint32_t>(count);
    ++block_->refs;
    const Alive alive(*this);
    sink_->on_bytes(Slice(block_, to, count));
    if (!alive || state_ == State::kGone) return;
  }
  if (lower_->backlog() > kMaxLowerBacklog) {
    lose("the peer sends TLS messages without reading the answers");
  }
}

TlsSession::Status TlsTransport::fill(char* to, size_t room, size_t& count) {
  while (count < room && has_input()) {
    size_t more = 0;
    const TlsSession::Status status = session_->read(to + count, room - count, more);
    count += more;
    if (status != TlsSession::Status::kDone) return status;
  }
  return TlsSession::Status::kDone;
}

// Ciphertext is longer than its plaintext, so what is there tells how much can come.
size_t TlsTransport::make_room() {
  const size_t most =
      std::clamp<size_t>(ends_.input.size() + session_->pending(), 1, TlsSession::kMaxRecord);
  if (block_ != nullptr && block_->capacity - block_used_ < std::min(most, kWorthwhile)) {
    drop_block();
  }
  if (block_ == nullptr) {
    block_ = ends_.blocks.take(most);
    block_used_ = 0;
  }
  return block_->capacity - block_used_;
}

void TlsTransport::drop_block() {
  if (block_ == nullptr) return;
  const Slice last(std::exchange(block_, nullptr), nullptr, 0);
}

// The end, if it has come: told like bytes, never while reading is held.
void TlsTransport::end_input() {
  if (read_status_ == TlsSession::Status::kFailed) {
    lose(session_->failure().message);
  } else if (read_status_ == TlsSession::Status::kClosed || (input_ended_ && session_ == nullptr)) {
    state_ = State::kEnded;
    ends_.input.clear();
    hold_lower();
    sink_->on_eof();
  } else if (input_ended_) {
    lose("closed without close_notify");
  }
}

}  // namespace woad
