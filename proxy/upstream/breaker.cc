#include "proxy/upstream/breaker.h"

#include <algorithm>

namespace woad {
namespace {

// Probes that have no result after so long, such as calls without any limit to an app that hangs,
// make way for others.
constexpr Duration kLongestProbe = seconds(15);

}  // namespace

std::string_view to_string(Breaker::State state) {
  constexpr std::string_view kWords[] = {"closed", "half_open", "open"};
  return kWords[static_cast<size_t>(state)];
}

Breaker::State Breaker::state() const {
  switch (forced()) {
    case Forced::kOpen: return State::kOpen;
    case Forced::kClosed: return State::kClosed;
    case Forced::kNot: break;
  }
  return word_.load(std::memory_order_acquire).state;
}

Duration Breaker::opened_for(const BreakerRules& rules) const {
  return length(word_.load(std::memory_order_acquire).openings, rules);
}

Duration Breaker::length(uint8_t openings, const BreakerRules& rules) {
  Duration length = rules.open;
  for (uint8_t i = 1; i < openings && length < rules.open_max; ++i) length *= 2;
  return std::min(length, rules.open_max);
}

// A round of probes, of which the caller has the first.
Breaker::Word Breaker::half_open(Word seen, MonoTime now, const BreakerRules& rules) {
  open_until_.store(now.time_since_epoch().count(), std::memory_order_release);
  return {State::kHalfOpen, seen.openings, static_cast<uint8_t>(rules.probes - 1), 0,
          seen.generation + 1};
}

Breaker::Entry Breaker::enter(MonoTime now, const BreakerRules& rules) {
  Word seen = word_.load(std::memory_order_acquire);
  switch (forced()) {
    case Forced::kOpen: return {};
    case Forced::kClosed: return {.admitted = true, .generation = seen.generation - 1};
    case Forced::kNot: break;
  }
  for (;;) {
    Word next = seen;
    switch (seen.state) {
      case State::kClosed: return {.admitted = true, .generation = seen.generation};
      case State::kOpen: {
        const Duration left =
            Duration(open_until_.load(std::memory_order_acquire)) - now.time_since_epoch();
        if (left > Duration(0)) return {.wait = left};
        next = half_open(seen, now, rules);
        break;
      }
      case State::kHalfOpen: {
        const Duration since =
            now.time_since_epoch() - Duration(open_until_.load(std::memory_order_acquire));
        if (seen.probes_left > 0) {
          --next.probes_left;
        } else if (since >= kLongestProbe) {
          next = half_open(seen, now, rules);
        } else {
          return {};
        }
        break;
      }
    }
    if (word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel)) {
      return {.admitted = true, .generation = next.generation};
    }
  }
}

Breaker::Change Breaker::leave(const Entry& entry, Result result, MonoTime now,
                               const BreakerRules& rules) {
  const Word seen = word_.load(std::memory_order_acquire);
  if (entry.generation != seen.generation || forced() != Forced::kNot) return Change::kNone;
  return seen.state == State::kHalfOpen ? probed(seen, result, now, rules)
                                        : learn(seen, result, now, rules);
}

Breaker::Change Breaker::learn(Word seen, Result result, MonoTime now, const BreakerRules& rules) {
  if (result == Result::kUnknown) return Change::kNone;
  const bool failed = result == Result::kFailed;
  TryWindow& counted = window_.get();
  counted.add(now, failed);
  if (!failed) return Change::kNone;
  const auto counts = counted.over(now, rules.window);
  const bool too_many =
      counts.all >= rules.min_requests &&
      static_cast<double>(counts.failed) >= rules.failure_ratio * static_cast<double>(counts.all);
  return too_many && open_from(seen, now, rules) ? Change::kOpened : Change::kNone;
}

Breaker::Change Breaker::probed(Word seen, Result result, MonoTime now, const BreakerRules& rules) {
  const uint32_t generation = seen.generation;
  while (seen.state == State::kHalfOpen && seen.generation == generation) {
    if (result == Result::kFailed) {
      if (open_from(seen, now, rules)) return Change::kOpened;
      seen = word_.load(std::memory_order_acquire);
      continue;
    }
    Word next = seen;
    if (result == Result::kUnknown) {
      ++next.probes_left;
    } else if (++next.probes_good >= rules.probes) {
      next = {State::kClosed, 0, 0, 0, generation + 1};
      window_.get().clear();
    }
    if (word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel)) {
      return next.state == State::kClosed ? Change::kClosed : Change::kNone;
    }
  }
  return Change::kNone;
}

// False: someone else changed it first.
bool Breaker::open_from(Word seen, MonoTime now, const BreakerRules& rules) {
  constexpr uint8_t kMost = 63;
  const auto openings = std::min<uint8_t>(static_cast<uint8_t>(seen.openings + 1), kMost);
  open_until_.store((now + length(openings, rules)).time_since_epoch().count(),
                    std::memory_order_release);
  return word_.compare_exchange_strong(seen, {State::kOpen, openings, 0, 0, seen.generation + 1},
                                       std::memory_order_acq_rel);
}

}  // namespace woad
