// The order in which the addresses of a name are tried for one connection (RFC 8305, in spirit).
//
// The chosen one goes first. The next sets out when the last has failed, or has had its head start
// without a result; one that could not be connected to when it was tried last gets no head start,
// so nobody waits for a trial. The first that gets there wins. Families take turns, and addresses
// of which something bad is known come last. What it knows at the end it leaves in EndpointHealth.
// One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/base/scheduler.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/upstream/dialer.h"
#include "proxy/upstream/service.h"

namespace woad {

// True: another address of its name is to be used. Never true of all of them.
bool passed_over(const Pool& pool, const Endpoint& endpoint, MonoTime now);

// Implemented by what connects.
class RaceRunner {
 public:
  // On to this address. What becomes of it is told by AddressRace::won(), at once or later, or
  // failed(), later.
  virtual void set_out(const Endpoint& endpoint) = 0;
  // None could be connected to, or one answered that is no use.
  virtual void on_race_lost(const DialFailure& failure) = 0;

 protected:
  ~RaceRunner() = default;
};

class AddressRace {
 public:
  // RFC 8305 section 5: Connection Attempt Delay.
  static constexpr Duration kHeadStart = milliseconds(250);
  // For one connection no more are tried: the next one has heard of those that failed.
  static constexpr size_t kMostAddresses = 16;

  // Between `first` and the other addresses of its name, if it is one of a name. All outlive it.
  AddressRace(Scheduler& scheduler, const Pool& pool, const Endpoint& first, RaceRunner& runner);

  // `first` has set out.
  void begin();
  void won(const Endpoint& endpoint);
  void failed(const Endpoint& endpoint, const DialFailure& failure);
  // Nobody sets out any more.
  void stop();

 private:
  enum class Step : uint8_t { kNotYet, kRunning, kFailed };
  struct Entrant {
    const Endpoint* endpoint;
    Step step = Step::kNotYet;
    MonoTime set_out{};
  };

  void line_up(const Endpoint& first);
  Entrant& entrant(const Endpoint& endpoint);
  bool note_start(Entrant& entrant);
  void next();
  DialFailure all_failed(const DialFailure& last) const;

  Scheduler& scheduler_;
  const Pool& pool_;
  RaceRunner& runner_;
  std::vector<Entrant> entrants_;  // in the order in which they set out
  size_t next_ = 1;
  size_t running_ = 1;
  std::string causes_;
  Timer head_start_;
  bool over_ = false;
};

}  // namespace woad
