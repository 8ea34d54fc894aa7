#include "proxy/upstream/address_dial.h"

namespace woad {

// To one of the addresses.
class AddressDial::Run final : private DialSink {
 public:
  Run(AddressDial& owner, const Endpoint& endpoint)
      : owner_(owner),
        endpoint_(endpoint),
        dial_(owner.dialer_.dial(endpoint.address, for_opaque(owner.service_->channel), *this)) {}

 private:
  void on_dialed(Dialed dialed) override { owner_.on_dialed(endpoint_, std::move(dialed)); }
  void on_dial_failed(DialFailure failure) override { owner_.on_dial_failed(endpoint_, failure); }

  AddressDial& owner_;
  const Endpoint& endpoint_;
  std::unique_ptr<Dial> dial_;
};

AddressDial::AddressDial(Scheduler& scheduler, Dialer& dialer, const Service& service,
                         const Pool& pool, const Endpoint& first, DialSink& sink)
    : scheduler_(scheduler),
      dialer_(dialer),
      service_(service.shared_from_this()),
      sink_(sink),
      race_(scheduler, pool, first, *this) {
  set_out(first);
  race_.begin();
}

AddressDial::~AddressDial() = default;

void AddressDial::set_out(const Endpoint& endpoint) {
  runs_.push_back(std::make_unique<Run>(*this, endpoint));
}

// The sink may destroy this.
void AddressDial::on_dialed(const Endpoint& endpoint, Dialed dialed) {
  endpoint.health->reached();
  race_.won(endpoint);
  dialed.address = endpoint.address;
  sink_.on_dialed(std::move(dialed));
}

void AddressDial::on_dial_failed(const Endpoint& endpoint, const DialFailure& failure) {
  learn(*endpoint.health, failure, scheduler_.now());
  race_.failed(endpoint, failure);
}

}  // namespace woad
