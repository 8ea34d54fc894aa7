#include "proxy/snapshot/compile_service.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "proxy/base/stable_hash.h"
#include "proxy/snapshot/same_word.h"
#include "proxy/snapshot/suspects.h"
#include "proxy/upstream/slow_start.h"

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

void add_endpoints(Pool& pool, const config::HostPort& at, const Endpoint& model,
                   const Resolutions& resolutions, const Pool* before, MonoTime now) {
  const auto add = [&](const Address& address, std::string name, std::string unresolved) {
    Endpoint& endpoint = pool.endpoints.emplace_back(model);
    endpoint.address = address;
    endpoint.name = std::move(name);
    endpoint.unresolved = std::move(unresolved);
  };
  if (at.numeric) {
    const auto address = Address::from_host(at.host, at.port);
    if (address) add(*address, address->to_string(), "");
    return;
  }
  const auto known = resolutions.find(at.host);
  if (known == resolutions.end() || known->second.addresses.empty()) {
    const bool failed = known != resolutions.end() && !known->second.error.empty();
    add({}, at.to_string(), failed ? known->second.error : at.host + ": not resolved yet");
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
                                 MonoTime now, Snapshot& snapshot, FilterCompiler& filters,
                                 ChannelCompiler& channels)
    : resolutions_(resolutions),
      previous_(previous),
      now_(now),
      snapshot_(snapshot),
      filters_(filters),
      channels_(channels) {
  if (previous == nullptr) return;
  entries_.reserve(previous->services.size());
  for (const EntryPtr& entry : previous->services) {
    entries_.emplace(entry->service.name(), &entry);
  }
}

std::shared_ptr<const ServiceEntry> ServiceCompiler::compile(
    const std::shared_ptr<const config::Service>& from) {
  if (EntryPtr entry = unchanged(*from)) return entry;
  auto entry = std::make_shared<ServiceEntry>(make(*from));
  entry->from = from;
  entry->filters = filters_.override_slots(snapshot_.chain(Direction::kOutbound).slots(),
                                           from->filters, "services." + from->name);
  note_surroundings(*from, *entry);
  entry->own_tls = for_own_tls(*entry);
  return entry;
}

std::shared_ptr<const ServiceEntry> ServiceCompiler::for_own_tls(const ServiceEntry& entry) {
  const bool wrapped =
      entry.service.protocol == UpstreamProtocol::kTcp && entry.service.channel->tls != nullptr;
  if (!wrapped) return nullptr;
  auto service = std::make_shared<Service>(entry.service);
  service->channel = channels_.plain();
  auto same = std::make_shared<ServiceEntry>(std::move(service));
  same->filters = entry.filters;
  return same;
}

std::shared_ptr<const ServiceEntry> ServiceCompiler::unchanged(const config::Service& from) {
  const EntryPtr* found = before(from);
  if (found == nullptr || (*found)->from.get() != &from) return nullptr;
  const EntryPtr& entry = *found;
  if (!chosen_the_same(from) || !resolved_the_same(*entry) || !all_suspects_stay(*entry) ||
      !channels_.keep(from, entry->service.channel))
    return nullptr;
  if (entry->own_tls != nullptr) channels_.plain();  // stays among those that are in use
  return filters_.keep(from.filters, entry->filters, "services." + from.name) ? entry : nullptr;
}

const ServiceCompiler::EntryPtr* ServiceCompiler::before(const config::Service& from) const {
  const auto found = entries_.find(from.name);
  return found == entries_.end() ? nullptr : found->second;
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

// Who is in a subset, and who is near, depends on the node as well.
bool ServiceCompiler::chosen_the_same(const config::Service& from) const {
  if (from.subset && previous_->instance != snapshot_.instance) return false;
  return !from.locality || previous_->node_labels == snapshot_.node_labels;
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
  service->stateful = from.stateful;
  service->external = from.external;
  service->fallback = same_word<Fallback>(from.fallback);
  for (const config::PoolSettings& pool : from.pools) {
    service->pool_for(pool.color, pool.tenant).on_unhealthy =
        same_word<OnUnhealthy>(pool.on_unhealthy);
  }
  if (from.subset) service->subset = compile_subset(*from.subset);
  if (from.locality) service->spill_below = from.locality->spill_below.value;
  const EntryPtr* known = before(from);
  const Service* earlier = known == nullptr ? nullptr : &(*known)->service;
  for (const config::Endpoint& endpoint : from.endpoints) {
    add_endpoint(*service, from, endpoint, earlier);
  }
  if (earlier != nullptr) keep_suspects(*earlier, *service);
  service->finish(*snapshot_.health);
  if (earlier != nullptr) service->note_joined(*earlier, now_);
  service->channel = channels_.to_service(from);
  return service;
}

Subset ServiceCompiler::compile_subset(const config::Subset& from) const {
  return {.size = from.size, .index = from.index, .caller = stable_hash(snapshot_.instance)};
}

void ServiceCompiler::add_endpoint(Service& service, const config::Service& from,
                                   const config::Endpoint& endpoint, const Service* earlier) const {
  Pool& pool = service.pool_for(config::label(endpoint.labels, "color"),
                                config::label(endpoint.labels, "tenant"));
  Endpoint model;
  model.weight = endpoint.weight;
  model.local = from.locality && is_local(endpoint.labels, from.locality->prefer);
  add_endpoints(pool, *endpoint.address, model, resolutions_,
                earlier == nullptr ? nullptr : earlier->find_pool(pool.color, pool.tenant), now_);
}

// A colour that has gone altogether was taken back, and base never is.
void ServiceCompiler::keep_suspects(const Service& earlier, Service& service) const {
  static const Pool kNobody;
  for (const Pool& was : earlier.pools()) {
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

bool ServiceCompiler::is_local(const config::Labels& labels, std::string_view prefer) const {
  const std::string_view there = config::label(labels, prefer);
  return !there.empty() &&
         std::any_of(snapshot_.node_labels.begin(), snapshot_.node_labels.end(),
                     [&](const auto& own) { return own.first == prefer && own.second == there; });
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
