#include "proxy/upstream/endpoints.h"

namespace woad {

EndpointState& EndpointRegistry::get(const Endpoint& endpoint,
                                     const std::shared_ptr<const Channel>& channel) {
  auto& state = endpoints_[Key{endpoint.name, channel.get()}];
  if (state == nullptr) state = std::make_unique<EndpointState>(context_, endpoint, channel);
  return *state;
}

bool EndpointRegistry::drop_retired() {
  bool left = false;
  std::erase_if(endpoints_, [&](auto& entry) {
    EndpointState& state = *entry.second;
    if (state.current) return false;
    bool empty = state.active == 0;
    state.for_each_pool([&](ConnectionPool& pool) {
      pool.drain();
      empty = empty && pool.empty();
    });
    left = left || !empty;
    return empty;
  });
  return left;
}

}  // namespace woad
