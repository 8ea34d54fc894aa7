#include "proxy/upstream/endpoints.h"

namespace woad {

EndpointState& EndpointRegistry::get(const Endpoint& endpoint, Duration connect_timeout) {
  auto& state = endpoints_[endpoint.name];
  if (state == nullptr) {
    state = std::make_unique<EndpointState>(context_, endpoint, connect_timeout);
  }
  return *state;
}

}  // namespace woad
