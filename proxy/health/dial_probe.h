// A probe that connects, shakes hands where the channel has TLS, and closes. Control loop.
#pragma once

#include <memory>

#include "proxy/health/probe.h"
#include "proxy/upstream/dialer.h"
#include "proxy/upstream/service.h"

namespace woad {

class DialProbe final : public Probe, private DialSink {
 public:
  // Dialer, scheduler and owner outlive it.
  DialProbe(Dialer& dialer, Scheduler& scheduler, const Endpoint& endpoint,
            std::shared_ptr<const Channel> channel, ProbeOwner& owner)
      : dialer_(dialer),
        scheduler_(scheduler),
        address_(endpoint.address),
        health_(endpoint.health),
        channel_(std::move(channel)),
        owner_(owner) {}

  void start() override;
  void give_up() override { dial_.reset(); }
  std::string question() const override { return "a connection"; }

 private:
  void on_dialed(Dialed dialed) override;
  void on_dial_failed(DialFailure failure) override;

  Dialer& dialer_;
  Scheduler& scheduler_;
  Address address_;
  std::shared_ptr<EndpointHealth> health_;
  std::shared_ptr<const Channel> channel_;
  ProbeOwner& owner_;
  std::unique_ptr<Dial> dial_;
  Dialed dialed_;  // closed when the probe dies: not under the feet of who opened it
};

}  // namespace woad
