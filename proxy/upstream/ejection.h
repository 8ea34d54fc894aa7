// Whether an instance is put out of its pools because its answers failed, one after the other.
//
//   in ──eject()──▶ out ──its time is over──▶ on trial ──succeeded()──▶ in
//                    ▲──────────── failed(): twice as long ─────┘
//
// A trial is one real request. Where no connection could be made when that was tried last, one
// comes first that no request waits for: it is put off until that is there. Without locks; any
// thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "proxy/base/random.h"
#include "proxy/base/time.h"

namespace woad {

struct EjectionRules {
  uint32_t consecutive;  // failures that put it out
  Duration base;         // out for so long the first time, and up to half of it more
  Duration max;          // doubling ends here
  double max_share;      // of a pool that may be out at once
};

class Ejection {
 public:
  // A trial that has no result after so long makes way for another.
  static constexpr Duration kLongestTrial = seconds(10);
  // From one connection that is tried to the next.
  static constexpr Duration kPutOff = seconds(1);

  bool out() const { return until_.load(std::memory_order_relaxed) != kIn; }
  // The latest answer was a failure.
  bool failing() const { return failed_in_a_row_.load(std::memory_order_relaxed) != 0; }
  // Nobody is to send a request there now.
  bool keeps_out(MonoTime now) const {
    return now.time_since_epoch().count() < until_.load(std::memory_order_relaxed);
  }
  // Of whoever is about to send a request there. False: another is on trial already.
  bool begin(MonoTime now);
  // In place of begin(): a connection is tried first. False: another does so already.
  bool put_off(MonoTime now);
  // There is one: the trial may begin.
  void connected();

  // A result that is a gateway's failure; true: it is to be put out, or its trial failed.
  bool failed(uint32_t consecutive);
  // Any other answer. True: it is in again.
  bool succeeded();
  // Nothing came of the request.
  void undecided(MonoTime now);
  // Puts it out, and returns for how long.
  Duration eject(MonoTime now, const EjectionRules& rules, Random& random);

 private:
  static constexpr int64_t kIn = INT64_MIN;
  static constexpr int64_t kDue = kIn + 1;

  // Keeps others out for so long, if nobody did before; false: somebody did, or it is in.
  bool claim(int64_t until, MonoTime now, Duration length);

  std::atomic<int64_t> until_{kIn};
  std::atomic<uint32_t> failed_in_a_row_{0};
  std::atomic<uint8_t> times_{0};  // out in a row
  std::atomic<bool> on_trial_{false};
};

}  // namespace woad
