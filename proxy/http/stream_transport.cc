#include "proxy/http/stream_transport.h"

#include <utility>

namespace woad {

StreamTransport::~StreamTransport() {
  if (carrier_ == nullptr) return;
  const bool ended = in_ == In::kEnded && out_ == Out::kClosed;
  std::exchange(carrier_, nullptr)->on_carried_gone(!ended || aborted_);
}

void StreamTransport::start(TransportSink& sink) {
  WOAD_ASSERT(in_ == In::kNotStarted);
  sink_ = &sink;
  in_ = In::kOpen;
  hold();
  scheduler_.at_turn_end(*this);
}

void StreamTransport::receive(Buffer&& data, bool end) {
  input_.append(std::move(data));
  input_ended_ = input_ended_ || end;
  deliver();
}

void StreamTransport::lose(std::string_view why) {
  carrier_ = nullptr;
  output_.clear();
  lost_ = why.empty() ? "the stream has ended" : why;
  if (in_ != In::kNotStarted) deliver();
}

void StreamTransport::wrote() {
  if (carrier_ == nullptr || out_ == Out::kClosed) {
    output_.clear();
    return;
  }
  if (output_.size() > high_water_) above_high_water_ = true;
  scheduler_.at_turn_end(*this);
}

void StreamTransport::shutdown_write() {
  if (out_ != Out::kOpen) return;
  out_ = Out::kClosing;
  scheduler_.at_turn_end(*this);
}

void StreamTransport::hold_reading(Hold reason, bool on) {
  const auto bit = static_cast<uint8_t>(reason);
  holds_ = static_cast<uint8_t>(on ? holds_ | bit : holds_ & ~bit);
  if (in_ == In::kNotStarted) return;
  hold();
  if (holds_ == 0) scheduler_.at_turn_end(*this);  // what waited
}

void StreamTransport::hold() {
  if (carrier_ != nullptr) carrier_->hold_carrier(holds_ != 0);
}

void StreamTransport::on_turn_end() {
  flush();
  deliver();
}

// The stream takes what there is while it has room, and tells when it has some again.
void StreamTransport::flush() {
  if (carrier_ == nullptr || out_ == Out::kClosed || !carrier_->carrier_writable()) return;
  const bool end = out_ == Out::kClosing;
  if (end) out_ = Out::kClosed;
  written_ += output_.size();
  if (end || !output_.empty()) carrier_->carry(std::exchange(output_, Buffer()), end);
  if (!above_high_water_) return;
  above_high_water_ = false;
  if (sink_ != nullptr) sink_->on_drained();
}

void StreamTransport::deliver() {
  while (sink_ != nullptr && holds_ == 0 && !input_.empty() && lost_.empty()) {
    sink_->on_bytes(input_.take_front());
  }
  if (sink_ == nullptr) return;
  if (!lost_.empty()) {
    const std::string why = std::exchange(lost_, {});
    in_ = In::kEnded;
    std::exchange(sink_, nullptr)->on_lost(why);
  } else if (in_ == In::kOpen && input_ended_ && input_.empty() && holds_ == 0) {
    in_ = In::kEnded;
    sink_->on_eof();
  }
}

// Everything is the stream's at once; it has its own ways of waiting for a slow client.
void StreamTransport::linger(std::unique_ptr<Transport> self) {
  sink_ = nullptr;
  unlink();
  if (StreamCarrier* carrier = std::exchange(carrier_, nullptr)) {
    const bool open = out_ != Out::kClosed;
    out_ = Out::kClosed;
    if (open && !aborted_) carrier->carry(std::move(output_), true);
    carrier->on_carried_gone(aborted_);
  }
  scheduler_.defer_delete(std::move(self));
}

}  // namespace woad
