#include "proxy/upstream/endpoint_health.h"

#include "proxy/upstream/dialer.h"

namespace woad {

void learn(EndpointHealth& health, const DialFailure& failure, MonoTime now) {
  switch (failure.cause) {
    case DialFailure::Cause::kUnreachable: health.unreachable(now); return;
    case DialFailure::Cause::kNotAgreed: health.reached(); return;
    case DialFailure::Cause::kOurs: return;
  }
}

}  // namespace woad
