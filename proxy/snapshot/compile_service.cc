#include "proxy/snapshot/compile_service.h"

#include <algorithm>
#include <utility>

#include "proxy/snapshot/same_word.h"

namespace woad {

static_assert(static_cast<int>(BalancerPolicy::kRingHash) ==
              static_cast<int>(config::BalancerPolicy::kRingHash));
static_assert(static_cast<int>(Fallback::kNone) == static_cast<int>(config::Fallback::kNone));
static_assert(static_cast<int>(OnUnhealthy::kPanic) ==
              static_cast<int>(config::OnUnhealthy::kPanic));
static_assert(static_cast<int>(UpstreamProtocol::kTcp) == static_cast<int>(config::Protocol::kTcp));

namespace {

Affinity compile_affinity(const std::optional<config::BalancerKey>& from) {
  if (!from) return {};
  Affinity affinity{.cookie = from->cookie.value_or(""), .source_ip = from->source_ip};
  if (from->header) affinity.header.emplace(*from->header);
  return affinity;
}

}  // namespace

void add_endpoints(Pool& pool, const config::HostPort& at, uint32_t weight,
                   const Resolutions& resolutions) {
  const auto add = [&](const Address& address, std::string name, std::string unresolved) {
    pool.endpoints.push_back({.address = address,
                              .name = std::move(name),
                              .weight = weight,
                              .unresolved = std::move(unresolved)});
  };
  if (at.numeric) {
    const auto address = Address::from_host(at.host, at.port);
    if (address) add(*address, address->to_string(), "");
    return;
  }
  const auto known = resolutions.find(at.host);
  if (known == resolutions.end() || known->second.addresses.empty()) {
    const bool failed = known != resolutions.end() && !known->second.error.empty();
    add({}, at.to_string(), at.host + ": " + (failed ? known->second.error : "not resolved yet"));
    return;
  }
  const std::vector<Address>& addresses = known->second.addresses;
  uint32_t name = 0;
  if (addresses.size() > 1) {
    pool.names.push_back(at.to_string());
    name = static_cast<uint32_t>(pool.names.size());
  }
  for (const Address& resolved : addresses) {
    const auto address = Address::from_host(resolved.host(), at.port);
    if (!address) continue;
    add(*address, address->to_string(), "");
    pool.endpoints.back().of_name = name;
  }
}

ServiceCompiler::ServiceCompiler(const Resolutions& resolutions, const Snapshot* previous,
                                 Snapshot& snapshot, FilterCompiler& filters,
                                 ChannelCompiler& channels)
    : resolutions_(resolutions), snapshot_(snapshot), filters_(filters), channels_(channels) {
  if (previous == nullptr) return;
  previous_.reserve(previous->services.size());
  for (const EntryPtr& entry : previous->services) previous_.emplace(entry->from.get(), &entry);
}

std::shared_ptr<const ServiceEntry> ServiceCompiler::compile(
    const std::shared_ptr<const config::Service>& from) {
  if (EntryPtr entry = unchanged(*from)) return entry;
  auto entry = std::make_shared<ServiceEntry>(make(*from));
  entry->from = from;
  entry->filters = filters_.override_slots(snapshot_.chain(Direction::kOutbound).slots(),
                                           from->filters, "services." + from->name);
  note_surroundings(*from, *entry);
  return entry;
}

std::shared_ptr<const ServiceEntry> ServiceCompiler::unchanged(const config::Service& from) {
  const auto found = previous_.find(&from);
  if (found == previous_.end()) return nullptr;
  const EntryPtr& entry = *found->second;
  if (!resolved_the_same(*entry) || !channels_.keep(from, entry->service.channel)) return nullptr;
  return filters_.keep(from.filters, entry->filters, "services." + from.name) ? entry : nullptr;
}

bool ServiceCompiler::resolved_the_same(const ServiceEntry& entry) const {
  static const Resolution kNothingYet;
  return std::all_of(entry.resolved.begin(), entry.resolved.end(), [this](const auto& name) {
    const auto now = resolutions_.find(name.first);
    return (now == resolutions_.end() ? kNothingYet : now->second) == name.second;
  });
}

std::shared_ptr<Service> ServiceCompiler::make(const config::Service& from) {
  auto service = std::make_shared<Service>(from.name);
  service->protocol = same_word<UpstreamProtocol>(from.protocol);
  service->policy = same_word<BalancerPolicy>(from.load_balancing.policy);
  service->affinity = compile_affinity(from.load_balancing.key);
  service->set_stateful(from.stateful);
  service->set_external(from.external);
  service->set_fallback(same_word<Fallback>(from.fallback));
  for (const config::PoolSettings& pool : from.pools) {
    service->pool_for(pool.color, pool.tenant).on_unhealthy =
        same_word<OnUnhealthy>(pool.on_unhealthy);
  }
  for (const config::Endpoint& endpoint : from.endpoints) {
    Pool& pool = service->pool_for(config::label(endpoint.labels, "color"),
                                   config::label(endpoint.labels, "tenant"));
    add_endpoints(pool, *endpoint.address, endpoint.weight, resolutions_);
  }
  service->finish(*snapshot_.health);
  service->channel = channels_.to_service(from);
  return service;
}

void ServiceCompiler::note_surroundings(const config::Service& from, ServiceEntry& entry) const {
  for (const Pool& pool : entry.service.pools()) {
    if (!pool.color.empty()) entry.colors.push_back(pool.color);
  }
  for (const config::Endpoint& endpoint : from.endpoints) {
    if (endpoint.address->numeric) continue;
    const auto known = resolutions_.find(endpoint.address->host);
    entry.resolved.emplace_back(endpoint.address->host,
                                known == resolutions_.end() ? Resolution() : known->second);
  }
}

}  // namespace woad
