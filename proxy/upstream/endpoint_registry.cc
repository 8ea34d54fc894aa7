#include "proxy/upstream/endpoint_registry.h"

namespace woad {

EndpointState& EndpointRegistry::get(const Endpoint& endpoint,
                                     const std::shared_ptr<const Channel>& channel) {
  auto& state = endpoints_[Key{endpoint.health.get(), channel.get()}];
  if (state == nullptr) state = std::make_unique<EndpointState>(context_, endpoint, channel);
  return *state;
}

bool EndpointRegistry::drop_retired() {
  bool left = false;
  std::erase_if(endpoints_, [&](auto& entry) {
    EndpointState& state = *entry.second;
    if (state.current) return false;
    state.drain();
    left = left || !state.empty();
    return state.empty();
  });
  return left;
}

}  // namespace woad
