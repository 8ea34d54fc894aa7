#include "proxy/upstream/service.h"

#include <algorithm>
#include <numeric>

#include "proxy/base/stable_hash.h"
#include "proxy/upstream/slow_start.h"

namespace woad {
namespace {

constexpr size_t kSearchInOrder = 8;

// A step near total/φ without common factor: successive positions spread evenly over the circle.
uint64_t coprime_near_golden(uint64_t total) {
  auto step = static_cast<uint64_t>(static_cast<double>(total) * 0.6180339887498949);
  while (step < 1 || std::gcd(step, total) != 1) ++step;
  return step;
}

Stretch stretch_of(std::span<const Endpoint> endpoints, size_t first, size_t end) {
  Stretch stretch{.first = first, .count = end - first};
  for (const Endpoint& endpoint : endpoints.subspan(first, stretch.count)) {
    stretch.total_weight += endpoint.weight;
    stretch.even_weights = stretch.even_weights && endpoint.weight == endpoints[first].weight;
  }
  if (stretch.total_weight > 0) stretch.stride = coprime_near_golden(stretch.total_weight);
  return stretch;
}

void divide(Pool& pool) {
  auto& all = pool.endpoints;
  const auto end = std::stable_partition(all.begin(), all.end(),
                                         [](const Endpoint& endpoint) { return endpoint.local; });
  const auto local = static_cast<size_t>(end - all.begin());
  const size_t near = local == 0 ? all.size() : local;
  pool.near = stretch_of(all, 0, near);
  pool.far = stretch_of(all, near, all.size());
}

}  // namespace

std::string_view to_string(BalancerPolicy policy) {
  constexpr std::string_view kWords[] = {"least_request", "round_robin", "random", "peak_ewma",
                                         "ring_hash"};
  return kWords[static_cast<size_t>(policy)];
}

std::string pool_name(std::string_view color, std::string_view tenant) {
  std::string name(color.empty() ? std::string_view("base") : color);
  if (!tenant.empty()) name.append("@").append(tenant);
  return name;
}

const Endpoint* Pool::find(const Address& address) const {
  const auto found =
      std::find_if(endpoints.begin(), endpoints.end(),
                   [&](const Endpoint& endpoint) { return endpoint.address == address; });
  return found == endpoints.end() ? nullptr : &*found;
}

std::span<const Endpoint> Pool::addresses_of(const Endpoint& endpoint) const {
  if (endpoint.of_name == 0) return {&endpoint, 1};
  const auto is_one = [&](const Endpoint& other) { return other.of_name == endpoint.of_name; };
  const auto first = std::find_if(endpoints.begin(), endpoints.end(), is_one);
  return {first, std::find_if_not(first, endpoints.end(), is_one)};
}

bool Pool::may_answer(MonoTime now) const {
  bool any_resolved = false;
  for (const Endpoint& endpoint : endpoints) {
    if (!endpoint.address.valid()) continue;
    if (endpoint.may_answer(now)) return true;
    any_resolved = true;
  }
  return !any_resolved && !endpoints.empty();
}

const Pool* Service::find_pool(std::string_view color, std::string_view tenant) const {
  if (pools_.size() > kSearchInOrder) {
    const auto found = by_name_.find(pool_name(color, tenant));
    return found == by_name_.end() ? nullptr : &pools_[found->second];
  }
  for (const Pool& pool : pools_) {
    if (pool.color == color && pool.tenant == tenant) return &pool;
  }
  return nullptr;
}

Pool& Service::pool_for(std::string_view color, std::string_view tenant) {
  const auto [found, made] =
      by_name_.try_emplace(pool_name(color, tenant), static_cast<uint32_t>(pools_.size()));
  if (!made) return pools_[found->second];
  Pool& pool = pools_.emplace_back();
  pool.name = found->first;
  pool.color = color;
  pool.tenant = tenant;
  pool.on_unhealthy = color.empty() ? OnUnhealthy::kPanic : OnUnhealthy::kFail;
  return pool;
}

void Service::finish(HealthTable& health) {
  for (Pool& pool : pools_) {
    // Services that no file names share a name.
    pool.health = health.of(name_, listed ? pool.name : pool.endpoints.front().name);
    std::erase_if(pool.endpoints, [](const Endpoint& endpoint) { return endpoint.weight == 0; });
    for (Endpoint& endpoint : pool.endpoints) endpoint.hash = stable_hash(endpoint.name);
    if (subset) keep_subset(pool.endpoints, *subset);
    for (Endpoint& endpoint : pool.endpoints) {
      if (endpoint.address.valid()) {
        endpoint.health = health.of(endpoint.address);
        if (health_check) endpoint.check = health.check_of(name_, endpoint.address);
      }
    }
    divide(pool);
  }
}

void Service::note_joined(const Service& before, MonoTime now) {
  for (Pool& pool : pools_) {
    const Pool* earlier = before.find_pool(pool.color, pool.tenant);
    if (earlier != nullptr) woad::note_joined(pool, *earlier, now);
  }
}

}  // namespace woad
