#include "proxy/upstream/address_race.h"

#include <algorithm>
#include <tuple>

namespace woad {
namespace {

sa_family_t family(const Endpoint& endpoint) { return endpoint.address.raw()->sa_family; }

}  // namespace

bool passed_over(const Pool& pool, const Endpoint& endpoint, MonoTime now) {
  if (endpoint.of_name == 0 || !endpoint.health->passed_over(now)) return false;
  const auto addresses = pool.addresses_of(endpoint);
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const Endpoint& other) { return !other.health->passed_over(now); });
}

AddressRace::AddressRace(Scheduler& scheduler, const Pool& pool, const Endpoint& first,
                         RaceRunner& runner)
    : scheduler_(scheduler),
      pool_(pool),
      runner_(runner),
      head_start_(scheduler.timers(), bind_timer<&AddressRace::next>(this)) {
  line_up(first);
}

// RFC 8305 section 4: addresses of both families in turn, so that one family without a way out
// costs one head start. Those that could not be connected to lately come last, with those whose
// checks or answers speak against them.
void AddressRace::line_up(const Endpoint& first) {
  entrants_.push_back({&first});
  const MonoTime now = scheduler_.now();
  const auto addresses = pool_.addresses_of(first);
  const auto first_at = static_cast<size_t>(&first - addresses.data());
  std::vector<const Endpoint*> rest;
  for (size_t step = 1; step < addresses.size(); ++step) {
    rest.push_back(&addresses[(first_at + step) % addresses.size()]);
  }
  while (!rest.empty() && entrants_.size() < kMostAddresses) {
    const sa_family_t last = family(*entrants_.back().endpoint);
    const auto rank = [&](const Endpoint* endpoint) {
      const bool bad = endpoint->health->doubtful() || !endpoint->may_answer(now);
      return std::tuple(bad, family(*endpoint) == last);
    };
    const auto best =
        std::min_element(rest.begin(), rest.end(),
                         [&](const Endpoint* a, const Endpoint* b) { return rank(a) < rank(b); });
    entrants_.push_back({*best});
    rest.erase(best);
  }
}

AddressRace::Entrant& AddressRace::entrant(const Endpoint& endpoint) {
  return *std::find_if(entrants_.begin(), entrants_.end(),
                       [&](const Entrant& each) { return each.endpoint == &endpoint; });
}

void AddressRace::begin() {
  const bool trial = note_start(entrants_.front());
  if (trial) {
    next();
  } else if (next_ < entrants_.size()) {
    head_start_.arm(kHeadStart);
  }
}

// True: it is a trial, which gets no head start.
bool AddressRace::note_start(Entrant& entrant) {
  entrant.step = Step::kRunning;
  entrant.set_out = scheduler_.now();
  EndpointHealth& health = *entrant.endpoint->health;
  const bool trial = health.doubtful();
  if (trial) health.on_trial(entrant.set_out);
  return trial;
}

void AddressRace::next() {
  bool trial = true;
  while (trial && !over_ && next_ < entrants_.size()) {
    Entrant& entrant = entrants_[next_++];
    ++running_;
    trial = note_start(entrant);
    runner_.set_out(*entrant.endpoint);
  }
  if (!over_ && next_ < entrants_.size()) head_start_.arm(kHeadStart);
}

void AddressRace::won(const Endpoint& endpoint) {
  stop();
  const MonoTime now = scheduler_.now();
  for (const Entrant& each : entrants_) {
    const bool slow = each.step == Step::kRunning && now - each.set_out >= kHeadStart;
    if (slow && each.endpoint != &endpoint) each.endpoint->health->unreachable(now);
  }
}

void AddressRace::failed(const Endpoint& endpoint, const DialFailure& failure) {
  if (over_) return;
  entrant(endpoint).step = Step::kFailed;
  --running_;
  if (!causes_.empty()) causes_ += "; ";
  causes_ += failure.message;
  if (failure.cause == DialFailure::Cause::kUnreachable && next_ < entrants_.size()) {
    next();
  } else if (failure.cause != DialFailure::Cause::kUnreachable || entrants_.size() == 1) {
    stop();
    runner_.on_race_lost(failure);
  } else if (running_ == 0) {
    stop();
    runner_.on_race_lost(all_failed(failure));
  }
}

DialFailure AddressRace::all_failed(const DialFailure& last) const {
  const std::string& name = pool_.names[entrants_.front().endpoint->of_name - 1];
  return {last.proxy_status, name + ": none of its addresses can be connected to (" + causes_ + ")",
          last.cause};
}

void AddressRace::stop() {
  over_ = true;
  head_start_.disarm();
}

}  // namespace woad
