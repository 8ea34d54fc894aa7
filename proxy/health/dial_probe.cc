#include "proxy/health/dial_probe.h"

#include <utility>

namespace woad {

void DialProbe::start() { dial_ = dialer_.dial(address_, channel_, *this); }

void DialProbe::on_dialed(Dialed dialed) {
  dialed_ = std::move(dialed);
  health_->reached();
  owner_.on_probed({ProbeResult::Kind::kGood, "a connection could be opened"});
}

void DialProbe::on_dial_failed(DialFailure failure) {
  learn(*health_, failure, scheduler_.now());
  const bool ours = failure.cause == DialFailure::Cause::kOurs;
  owner_.on_probed({ours ? ProbeResult::Kind::kNotMade : ProbeResult::Kind::kFailed,
                    std::move(failure.message)});
}

}  // namespace woad
