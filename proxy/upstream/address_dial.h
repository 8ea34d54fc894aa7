// A dial to an endpoint, or to the first address of its name that can be connected to. One thread.
#pragma once

#include <memory>
#include <vector>

#include "proxy/upstream/address_race.h"
#include "proxy/upstream/dialer.h"

namespace woad {

class AddressDial final : public Dial, private RaceRunner {
 public:
  // `first` is in `pool`, which is the service's. Dialer, scheduler and sink outlive it.
  AddressDial(Scheduler& scheduler, Dialer& dialer, const Service& service, const Pool& pool,
              const Endpoint& first, DialSink& sink);
  ~AddressDial() override;

 private:
  class Run;
  void set_out(const Endpoint& endpoint) override;
  void on_race_lost(const DialFailure& failure) override { sink_.on_dial_failed(failure); }
  void on_dialed(const Endpoint& endpoint, Dialed dialed);
  void on_dial_failed(const Endpoint& endpoint, const DialFailure& failure);

  Scheduler& scheduler_;
  Dialer& dialer_;
  std::shared_ptr<const Service> service_;  // whose endpoints these are
  DialSink& sink_;
  std::vector<std::unique_ptr<Run>> runs_;
  AddressRace race_;
};

}  // namespace woad
