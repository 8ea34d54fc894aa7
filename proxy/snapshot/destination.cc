#include "proxy/snapshot/destination.h"

#include "proxy/net/original_destination.h"

namespace woad {

const DestinationModel* DestinationModels::of(const Address& called) const {
  if (own_pod && is_own(called)) return &*own_pod;
  return anywhere ? &*anywhere : nullptr;
}

std::shared_ptr<const ServiceEntry> make_destination(const DestinationModel& model,
                                                     const Address& called, HealthTable& health) {
  auto service = std::make_shared<Service>(model.service);
  service->listed = false;
  service->protocol = model.protocol;
  service->external = model.external;
  service->channel = model.channel;
  Pool& pool = service->pool_for("", "");
  const auto add = [&](const Address& address) -> Endpoint& {
    Endpoint& endpoint = pool.endpoints.emplace_back();
    endpoint.address = address;
    endpoint.name = address.to_string();
    return endpoint;
  };
  if (!model.unresolved.empty()) {
    add({}).unresolved = model.unresolved;
  } else if (model.hosts.empty()) {
    add(called);
  } else {
    const bool several = model.hosts.size() > 1;
    if (several) pool.names.push_back(called.to_string());
    for (const Address& host : model.hosts) {
      add(host.with_port(called.port())).of_name = several ? 1 : 0;
    }
  }
  service->finish(health);
  return std::make_shared<ServiceEntry>(std::move(service));
}

}  // namespace woad
