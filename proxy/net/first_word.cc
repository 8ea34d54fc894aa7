#include "proxy/net/first_word.h"

#include <utility>

namespace woad {

FirstWordTransport::FirstWordTransport(Scheduler& scheduler, std::unique_ptr<Transport> lower,
                                       FirstWordSink& listener)
    : scheduler_(scheduler), listener_(listener), lower_(std::move(lower)) {
  lower_->start(*this);
}

void FirstWordTransport::start(TransportSink& sink) {
  sink_ = &sink;
  if (heard()) {
    scheduler_.at_turn_end(*this);
  } else {
    state_ = State::kOpen;
  }
}

// The listener may destroy this.
void FirstWordTransport::note() {
  if (std::exchange(state_, State::kHeard) == State::kListening) listener_.on_first_word();
}

void FirstWordTransport::on_bytes(Slice bytes) {
  if (state_ == State::kOpen) return sink_->on_bytes(std::move(bytes));
  words_.append(std::move(bytes));
  lower_->hold_reading(Hold::kFirstWord, true);
  note();
}

void FirstWordTransport::on_eof() {
  if (state_ == State::kOpen) return sink_->on_eof();
  ended_ = true;
  note();
}

void FirstWordTransport::on_drained() {
  if (state_ == State::kOpen) sink_->on_drained();
}

void FirstWordTransport::on_lost(std::string_view why) {
  if (state_ == State::kOpen) return sink_->on_lost(why);
  lost_ = why;
  note();
}

// The sink may destroy this with each event, deferred.
void FirstWordTransport::on_turn_end() {
  state_ = State::kOpen;
  while (!words_.empty()) sink_->on_bytes(words_.take_front());
  if (!lost_.empty()) return sink_->on_lost(lost_);
  if (ended_) return sink_->on_eof();
  lower_->hold_reading(Hold::kFirstWord, false);
}

void FirstWordTransport::linger(std::unique_ptr<Transport> self) {
  unlink();
  Transport::close_after_flush(std::move(lower_));
  scheduler_.defer_delete(std::move(self));
}

}  // namespace woad
