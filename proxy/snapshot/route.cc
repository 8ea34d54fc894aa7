#include "proxy/snapshot/route.h"

namespace woad {

const RouteTarget* Route::pick(Random& random) const {
  const auto* targets = std::get_if<std::vector<RouteTarget>>(&action);
  if (targets == nullptr) return nullptr;
  if (targets->size() == 1) return &targets->front();
  uint64_t at = random.below(total_weight);
  size_t index = 0;
  while (at >= (*targets)[index].weight) at -= (*targets)[index++].weight;
  return &(*targets)[index];
}

void RouteTable::add(Route route) {
  const auto index = static_cast<uint32_t>(routes_.size());
  if (!route.match.path || route.match.path->kind() == PathMatcher::Kind::kRegex) {
    rest_.push_back(index);
  } else if (route.match.path->kind() == PathMatcher::Kind::kExact) {
    by_exact_path_[route.match.path->text()].push_back(index);
  } else {
    by_path_prefix_[route.match.path->text()].push_back(index);
  }
  routes_.push_back(std::make_unique<Route>(std::move(route)));
}

void RouteTable::first_match(const Index& candidates, const MatchInput& input,
                             uint32_t& best) const {
  for (const uint32_t index : candidates) {
    if (index >= best) return;
    if (routes_[index]->match.matches(input)) {
      best = index;
      return;
    }
  }
}

const Route* RouteTable::find(const MatchInput& input) const {
  if (routes_.empty()) return nullptr;
  constexpr uint32_t kNone = UINT32_MAX;
  uint32_t best = kNone;
  first_match(rest_, input, best);
  const std::string_view path = input.head.path_only();
  if (!by_exact_path_.empty()) {
    const auto found = by_exact_path_.find(path);
    if (found != by_exact_path_.end()) first_match(found->second, input, best);
  }
  if (!by_path_prefix_.empty()) {
    // Every prefix that ends before a '/' or at the end, the empty one first.
    for (size_t end = 0; end <= path.size(); ++end) {
      if (end < path.size() && path[end] != '/') continue;
      const auto found = by_path_prefix_.find(path.substr(0, end));
      if (found != by_path_prefix_.end()) first_match(found->second, input, best);
    }
  }
  return best == kNone ? nullptr : routes_[best].get();
}

const ServiceEntry* HostTable::Claims::find(uint16_t port) const {
  for (const auto& [claimed, service] : ports) {
    if (claimed == port) return service;
  }
  return all;
}

void HostTable::add(std::string_view pattern, const std::vector<uint16_t>& ports,
                    const ServiceEntry& service) {
  const std::string text = HostPattern(pattern).text();
  char host[256];
  Claims& claims = text == "*"              ? any_
                   : text.starts_with("*.") ? below_[text.substr(1)]
                                            : exact_[std::string(normal_host(text, host))];
  if (ports.empty()) claims.all = &service;
  for (const uint16_t port : ports) claims.ports.emplace_back(port, &service);
  knows_ports_ = knows_ports_ || !ports.empty();
}

const ServiceEntry* HostTable::find(std::string_view host, uint16_t port) const {
  const auto exact = exact_.find(host);
  if (exact != exact_.end()) {
    if (const ServiceEntry* service = exact->second.find(port)) return service;
  }
  if (!below_.empty()) {
    for (size_t dot = host.find('.'); dot != std::string_view::npos;
         dot = host.find('.', dot + 1)) {
      const auto below = below_.find(host.substr(dot));
      if (below == below_.end() || dot == 0) continue;
      if (const ServiceEntry* service = below->second.find(port)) return service;
    }
  }
  return any_.find(port);
}

void AddressTable::add(const ServiceEntry& service) {
  for (const Pool& pool : service.service.pools()) {
    for (const Endpoint& endpoint : pool.endpoints) {
      if (endpoint.address.valid()) services_.try_emplace(endpoint.address, &service);
    }
  }
}

const ServiceEntry* AddressTable::find(const Address& address) const {
  const auto found = services_.find(address);
  return found == services_.end() ? nullptr : found->second;
}

}  // namespace woad
