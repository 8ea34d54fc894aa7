#include "proxy/upstream/stream_race.h"

#include <utility>

namespace woad {

StreamRace::StreamRace(LivePool& pool, const Endpoint& endpoint, Protocol protocol,
                       StreamTaker& taker)
    : pool_(pool),
      taker_(taker),
      endpoint_(&endpoint),
      state_(&pool.state(endpoint)),
      first_(*this, endpoint),
      protocol_(protocol) {
  ++state_->active;
  if (pool.wants_latency()) began_ = state_->now();
}

StreamRace::~StreamRace() {
  --state_->active;
  tell(&PeakEwma::observe_unanswered);
}

void StreamRace::tell(void (PeakEwma::*how)(Duration, MonoTime)) {
  if (began_ == MonoTime::max()) return;
  const MonoTime now = state_->now();
  (state_->latency.*how)(now - std::exchange(began_, MonoTime::max()), now);
}

void StreamRace::start(Reuse reuse) {
  reuse_ = reuse;
  ConnectionPool& connections = state_->pool(protocol_);
  connections.acquire(first_, reuse);
  if (endpoint_->of_name == 0 || !first_.waits()) return;
  RaceRunner& self = *this;
  others_.reset(new Others{{connections.context().scheduler, pool_.pool(), *endpoint_, self}, {}});
  others_->order.begin();
}

void StreamRace::set_out(const Endpoint& endpoint) {
  others_->lanes.push_back(std::make_unique<Lane>(*this, endpoint));
  pool_.state(endpoint).pool(protocol_).acquire(*others_->lanes.back(), reuse_);
}

void StreamRace::on_stream(const Endpoint& endpoint, RequestWriter& writer, bool reused) {
  if (others_ != nullptr) {
    others_->order.won(endpoint);
    leave_queues();
    --state_->active;
    endpoint_ = &endpoint;
    state_ = &pool_.state(endpoint);
    ++state_->active;
  }
  taker_.on_stream(writer, reused);
}

void StreamRace::on_no_stream(const Endpoint& endpoint, const DialFailure& failure) {
  if (others_ == nullptr) {
    taker_.on_no_stream(failure);
  } else {
    others_->order.failed(endpoint, failure);
  }
}

void StreamRace::stop() {
  if (others_ != nullptr) others_->order.stop();
  leave_queues();
}

void StreamRace::leave_queues() {
  first_.stop_waiting();
  if (others_ == nullptr) return;
  for (auto& lane : others_->lanes) lane->stop_waiting();
}

}  // namespace woad
