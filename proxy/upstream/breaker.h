// The circuit breaker of a pool: whether tries may go there at all, by how the last ones ended.
//
//   closed ──too many failed──▶ open ──its time is over──▶ half-open ──all probes good──▶ closed
//                                ▲──── a probe failed: twice as long ────┘
//
// Without locks; a result that belongs to an earlier state than the present one is not counted. Any
// thread. One a pool, whatever places of the file have settings of their own: those come with each
// call.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "proxy/base/made_once.h"
#include "proxy/base/time.h"
#include "proxy/upstream/outcome_window.h"

namespace woad {

struct BreakerRules {
  Duration window;        // looked at
  uint32_t min_requests;  // in the window, before it may open
  double failure_ratio;   // of them: opens
  Duration open;          // the first time
  Duration open_max;      // doubling ends here
  uint32_t probes;        // good ones close it; 1 to kMostProbes
};

class Breaker {
 public:
  static constexpr uint32_t kMostProbes = 255;

  enum class State : uint8_t { kClosed, kHalfOpen, kOpen };
  // By hand, until it is let go again: the state is then what is said, and nothing is learnt.
  enum class Forced : uint8_t { kNot, kOpen, kClosed };

  // What a try is told, and brings back with its result.
  struct Entry {
    bool admitted = false;
    Duration wait{};  // not admitted: until probes may pass; zero: that is not known
    uint32_t generation = 0;
  };
  enum class Result : uint8_t { kGood, kFailed, kUnknown };
  // What a result brought about.
  enum class Change : uint8_t { kNone, kOpened, kClosed };

  Entry enter(MonoTime now, const BreakerRules& rules);
  // Once for each that was admitted.
  Change leave(const Entry& entry, Result result, MonoTime now, const BreakerRules& rules);

  // As it is shown: an open one is open until somebody comes to probe.
  State state() const;
  Forced forced() const { return forced_.load(std::memory_order_relaxed); }
  void force(Forced forced) { forced_.store(forced, std::memory_order_relaxed); }
  // How long it is open in all, this time.
  Duration opened_for(const BreakerRules& rules) const;

 private:
  struct alignas(8) Word {
    State state;
    uint8_t openings;     // in a row
    uint8_t probes_left;  // half-open: that may still go out
    uint8_t probes_good;
    uint32_t generation;  // one higher with each change of state
  };
  static_assert(std::atomic<Word>::is_always_lock_free);

  static Duration length(uint8_t openings, const BreakerRules& rules);
  Word half_open(Word seen, MonoTime now, const BreakerRules& rules);
  bool open_from(Word seen, MonoTime now, const BreakerRules& rules);
  Change learn(Word seen, Result result, MonoTime now, const BreakerRules& rules);
  Change probed(Word seen, Result result, MonoTime now, const BreakerRules& rules);

  std::atomic<Word> word_{Word{}};
  // Half-open: when the round of probes began. Written before word_ says so.
  std::atomic<int64_t> open_until_{0};
  std::atomic<Forced> forced_{Forced::kNot};
  MadeOnce<TryWindow> window_;  // by the first result; many pools have none
};

std::string_view to_string(Breaker::State state);

}  // namespace woad
