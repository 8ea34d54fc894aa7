// A filter's state for each pool of each service, where it counts pool by pool:
//
//   using State = PoolStates<Settings, Breaker>;              // Breaker is made of const Settings&
//   context.state<State>().of(plan.service, *plan.pool)       // in on_attempt
//
// It is the filter's State (kind.h), so it survives a reload as that does, and so does each pool's
// part: pools are told apart by service and name, whatever becomes of their endpoints. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/upstream/service.h"

namespace woad {

template <class Settings, class OfPool>
class PoolStates {
 public:
  explicit PoolStates(const Settings& settings) : settings_(settings) {}
  ~PoolStates() {
    for (const auto& bucket : buckets_) {
      for (Node* node = bucket.load(); node != nullptr;) delete std::exchange(node, node->next);
    }
  }
  PoolStates(const PoolStates&) = delete;
  PoolStates& operator=(const PoolStates&) = delete;

  // Made when the pool is first asked for; lives as long as this. Takes no lock: nodes come and
  // never go.
  OfPool& of(const Service& service, const Pool& pool) {
    const std::hash<std::string_view> hash;
    auto& bucket = buckets_[(hash(service.name()) * 31 + hash(pool.name)) % kBuckets];
    Node* first = bucket.load(std::memory_order_acquire);
    if (Node* known = find(first, nullptr, service, pool)) return known->state;
    auto made = std::make_unique<Node>(service, pool, settings_);
    for (;;) {
      made->next = first;
      if (bucket.compare_exchange_weak(first, made.get(), std::memory_order_acq_rel)) {
        return made.release()->state;
      }
      // Others were here meanwhile; one of them for the same pool, maybe.
      if (Node* known = find(first, made->next, service, pool)) return known->state;
    }
  }

 private:
  // Services times colours are some tens where there is more than one; a chain is short.
  static constexpr size_t kBuckets = 256;

  struct Node {
    Node(const Service& of, const Pool& pool, const Settings& settings)
        : service(of.name()), name(pool.name), state(settings) {}
    std::string service;
    std::string name;
    OfPool state;
    Node* next = nullptr;
  };

  // Among those from `first` up to `end`.
  static Node* find(Node* first, const Node* end, const Service& service, const Pool& pool) {
    while (first != end && (first->service != service.name() || first->name != pool.name)) {
      first = first->next;
    }
    return first == end ? nullptr : first;
  }

  const Settings settings_;
  std::array<std::atomic<Node*>, kBuckets> buckets_{};
};

}  // namespace woad
