#include "proxy/snapshot/compile_service.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "proxy/snapshot/same_word.h"
#include "proxy/snapshot/suspects.h"

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

// As a request would have it: the first host that is one, else the service's name.
std::string host_of(const config::Service& service) {
  for (const auto& host : service.hosts) {
    if (!host->starts_with('*')) return *host;
  }
  return service.name;
}

HealthCheck compile_health_check(const config::Service& service) {
  const config::HealthCheck& from = *service.health_check;
  HealthCheck check{.host = host_of(service),
                    .interval = from.interval,
                    .timeout = std::min(from.timeout, from.interval),
                    .unhealthy_after = from.unhealthy_after,
                    .healthy_after = from.healthy_after};
  if (from.http) {
    check.kind = HealthCheck::Kind::kHttp;
    check.target = from.http->path;
  } else if (from.grpc) {
    check.kind = HealthCheck::Kind::kGrpc;
    check.target = from.grpc->service;
  }
  return check;
}

}  // namespace

void add_endpoints(Pool& pool, const config::HostPort& at, uint32_t weight,
                   const Resolutions& resolutions, const Pool* before, MonoTime now) {
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
  std::vector<Address> addresses;
  for (const Address& resolved : known->second.addresses) {
    if (const auto address = Address::from_host(resolved.host(), at.port)) {
      addresses.push_back(*address);
    }
  }
  std::vector<Endpoint> suspects;
  if (before != nullptr) suspects = suspects_of_name(*before, at.to_string(), addresses, now);
  uint32_t name = 0;
  if (addresses.size() + suspects.size() > 1) {
    pool.names.push_back(at.to_string());
    name = static_cast<uint32_t>(pool.names.size());
  }
  for (const Address& address : addresses) {
    add(address, address.to_string(), "");
    pool.endpoints.back().of_name = name;
  }
  for (const Endpoint& suspect : suspects) {
    add(suspect.address, suspect.name, "");
    pool.endpoints.back().of_name = name;
    pool.endpoints.back().suspect_until = suspect.suspect_until;
  }
}

ServiceCompiler::ServiceCompiler(const Resolutions& resolutions, const Snapshot* previous,
                                 Snapshot& snapshot, FilterCompiler& filters,
                                 ChannelCompiler& channels, MonoTime now)
    : resolutions_(resolutions),
      snapshot_(snapshot),
      filters_(filters),
      channels_(channels),
      now_(now) {
  if (previous == nullptr) return;
  previous_.reserve(previous->services.size());
  for (const EntryPtr& entry : previous->services) previous_.emplace(entry->from->name, &entry);
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

const ServiceCompiler::EntryPtr* ServiceCompiler::previous(const config::Service& from) const {
  const auto found = previous_.find(from.name);
  return found == previous_.end() ? nullptr : found->second;
}

bool ServiceCompiler::all_suspects_stay(const ServiceEntry& entry) const {
  if (!entry.has_suspects) return true;
  for (const Pool& pool : entry.service.pools()) {
    for (const Endpoint& endpoint : pool.endpoints) {
      if (endpoint.is_over(now_)) return false;
    }
  }
  return true;
}

std::shared_ptr<const ServiceEntry> ServiceCompiler::unchanged(const config::Service& from) {
  const EntryPtr* found = previous(from);
  if (found == nullptr || (*found)->from.get() != &from) return nullptr;
  const EntryPtr& entry = *found;
  if (!resolved_the_same(*entry) || !all_suspects_stay(*entry) ||
      !channels_.keep(from, entry->service.channel))
    return nullptr;
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
  if (from.health_check) service->health_check = compile_health_check(from);
  service->set_stateful(from.stateful);
  service->set_external(from.external);
  service->set_fallback(same_word<Fallback>(from.fallback));
  for (const config::PoolSettings& pool : from.pools) {
    service->pool_for(pool.color, pool.tenant).on_unhealthy =
        same_word<OnUnhealthy>(pool.on_unhealthy);
  }
  const EntryPtr* found = previous(from);
  const Service* before = found == nullptr ? nullptr : &(*found)->service;
  for (const config::Endpoint& endpoint : from.endpoints) {
    Pool& pool = service->pool_for(config::label(endpoint.labels, "color"),
                                   config::label(endpoint.labels, "tenant"));
    add_endpoints(pool, *endpoint.address, endpoint.weight, resolutions_,
                  before == nullptr ? nullptr : before->find_pool(pool.color, pool.tenant), now_);
  }
  if (before != nullptr) keep_suspects(*before, *service);
  service->finish(*snapshot_.health);
  service->channel = channels_.to_service(from);
  return service;
}

// A colour that has gone altogether was taken back, and base never is.
void ServiceCompiler::keep_suspects(const Service& before, Service& service) const {
  static const Pool kNobody;
  for (const Pool& was : before.pools()) {
    const Pool* is = service.find_pool(was.color, was.tenant);
    if (is == nullptr && !was.color.empty()) continue;
    auto suspects = suspects_as_written(was, is == nullptr ? kNobody : *is, now_);
    if (suspects.empty()) continue;
    auto& endpoints = service.pool_for(was.color, was.tenant).endpoints;
    endpoints.insert(endpoints.end(), std::make_move_iterator(suspects.begin()),
                     std::make_move_iterator(suspects.end()));
  }
  drop_moved_suspects(service);
}

void ServiceCompiler::note_surroundings(const config::Service& from, ServiceEntry& entry) const {
  for (const Pool& pool : entry.service.pools()) {
    if (!pool.color.empty()) entry.colors.push_back(pool.color);
    for (const Endpoint& endpoint : pool.endpoints) {
      entry.has_suspects = entry.has_suspects || endpoint.suspect_until.has_value();
    }
  }
  for (const config::Endpoint& endpoint : from.endpoints) {
    if (endpoint.address->numeric) continue;
    const auto known = resolutions_.find(endpoint.address->host);
    entry.resolved.emplace_back(endpoint.address->host,
                                known == resolutions_.end() ? Resolution() : known->second);
  }
}

}  // namespace woad
