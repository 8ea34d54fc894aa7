#include "proxy/net/tls/layer.h"

#include <algorithm>
#include <cstring>

#include "proxy/net/resting_socket.h"

namespace woad {
namespace {

// Encrypted ahead of a slow peer: enough to keep a socket busy.
constexpr size_t kAhead = size_t{64} * 1024;
// The lower queue's own mark: below kAhead, so that it drains before we run dry.
constexpr size_t kLowerHighWater = kAhead / 2;

}  // namespace

TlsTransport::TlsTransport(Scheduler& scheduler, BlockPool& blocks,
                           std::unique_ptr<Transport> lower, TlsDriver& driver)
    : scheduler_(scheduler),
      lower_(std::move(lower)),
      ends_{Buffer(), *lower_, blocks},
      driver_(&driver) {
  lower_->set_high_water(kLowerHighWater);
  lower_->start(*this);
}

TlsTransport::~TlsTransport() {
  Alive::end(*this);
  drop_block();
}

void TlsTransport::ready() {
  state_ = State::kReady;
  driver_ = nullptr;
  hold_lower();
}

void TlsTransport::abandon() {
  state_ = State::kGone;
  driver_ = nullptr;
}

void TlsTransport::start(TransportSink& sink) {
  WOAD_ASSERT(state_ == State::kReady);
  sink_ = &sink;
  state_ = State::kOpen;
  hold_lower();
  scheduler_.at_turn_end(*this);  // what came behind the handshake
}

void TlsTransport::wrote() {
  if (state_ == State::kGone || out_ == Out::kClosed) {
    output_.clear();
    return;
  }
  if (backlog() > high_water_) above_high_water_ = true;
  scheduler_.at_turn_end(*this);
}

// The lower mark is at most half of ours, so that its on_drained() comes whenever ours is due.
void TlsTransport::set_high_water(size_t bytes) {
  high_water_ = bytes;
  lower_->set_high_water(std::min(bytes / 2, kLowerHighWater));
  lower_->wrote();
}

// The session lives as long as the connection, so that it does not rest, but may be smaller.
std::unique_ptr<RestingSocket> TlsTransport::rest() {
  if (state_ == State::kOpen && session_ != nullptr) session_->forget_peer_key();
  return nullptr;
}

void TlsTransport::shutdown_write() {
  if (out_ != Out::kOpen) return;
  out_ = Out::kClosing;
  scheduler_.at_turn_end(*this);
}

void TlsTransport::hold_reading(Hold reason, bool on) {
  const auto bit = static_cast<uint8_t>(reason);
  holds_ = static_cast<uint8_t>(on ? holds_ | bit : holds_ & ~bit);
  if (state_ != State::kOpen) return;
  hold_lower();
  if (holds_ == 0) scheduler_.at_turn_end(*this);  // what waited
}

void TlsTransport::abort_on_destroy() {
  aborted_ = true;
  lower_->abort_on_destroy();
}

void TlsTransport::hold_lower() {
  const bool held = state_ == State::kReady || (state_ == State::kOpen && holds_ != 0);
  lower_->hold_reading(Hold::kStream, held);
}

void TlsTransport::on_bytes(Slice bytes) {
  if (state_ == State::kEnded || state_ == State::kGone) return;
  ends_.input.append(std::move(bytes));
  if (state_ == State::kHandshake) {
    driver_->on_input();
  } else {
    deliver();
  }
}

void TlsTransport::on_eof() {
  if (state_ == State::kHandshake) {
    driver_->on_input_end();
    return;
  }
  input_ended_ = true;
  deliver();
}

void TlsTransport::on_lost(std::string_view why) {
  switch (state_) {
    case State::kHandshake: driver_->on_connection_lost(why); break;
    case State::kReady: lost_ = why; break;
    case State::kOpen:
    case State::kEnded: lose(why); break;
    case State::kGone: break;
  }
}

void TlsTransport::on_turn_end() {
  if (state_ == State::kGone) return;
  if (!lost_.empty() && sink_ != nullptr) {
    const std::string why = std::move(lost_);
    lose(why);
    return;
  }
  if (block_ != nullptr && block_->refs == 1) drop_block();
  const Alive alive(*this);
  flush();
  if (alive) deliver();
}

// What is queued leaves at once, as one run of records; waiting is left to the lower transport.
void TlsTransport::linger(std::unique_ptr<Transport> self) {
  sink_ = nullptr;
  if (state_ != State::kHandshake && state_ != State::kGone && encrypt(SIZE_MAX) &&
      session_ != nullptr && out_ != Out::kClosed && !aborted_) {
    session_->close();
  }
  state_ = State::kGone;
  Transport::close_after_flush(std::move(lower_));
  scheduler_.defer_delete(std::move(self));
}

void TlsTransport::lose(std::string_view why) {
  state_ = State::kGone;
  output_.clear();
  ends_.input.clear();
  TransportSink* const sink = std::exchange(sink_, nullptr);
  if (sink != nullptr) sink->on_lost(why);
}

bool TlsTransport::encrypt(size_t ahead) {
  if (session_ == nullptr) {
    lower_->output().append(std::move(output_));
    return true;
  }
  while (!output_.empty() && lower_->backlog() < ahead) {
    if (!encrypt_record()) return false;
  }
  return true;
}

// A whole record straight from its slice when it can be; small slices are put together first.
bool TlsTransport::encrypt_record() {
  const size_t size = std::min(output_.size(), TlsSession::kMaxRecord);
  if (output_.front().size() >= size) {
    const bool good = session_->write(output_.front().view().substr(0, size));
    output_.consume(size);
    return good;
  }
  Block* const block = ends_.blocks.take(size);
  const Slice gathered(block, block->data(), size);
  for (size_t used = 0; used < size;) {
    const size_t piece = std::min(size - used, output_.front().size());
    std::memcpy(block->data() + used, output_.front().data(), piece);
    output_.consume(piece);
    used += piece;
  }
  return session_->write(gathered.view());
}

void TlsTransport::flush() {
  if (state_ == State::kHandshake || state_ == State::kGone) return;
  const size_t owed = lower_->backlog();
  if (!encrypt(kAhead)) {
    lose(session_->failure().message);
    return;
  }
  if (output_.empty() && out_ == Out::kClosing) {
    out_ = Out::kClosed;
    if (session_ != nullptr) session_->close();
    lower_->shutdown_write();
  }
  if (lower_->backlog() != owed) lower_->wrote();
  if (above_high_water_ && backlog() <= high_water_ / 2) {
    above_high_water_ = false;
    if (sink_ != nullptr) sink_->on_drained();
  }
}

}  // namespace woad
