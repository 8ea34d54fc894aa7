// Services, their pools and endpoints, as the snapshot holds them: immutable, shared by all
// workers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/base/function_ref.h"
#include "proxy/net/address.h"
#include "proxy/upstream/affinity.h"
#include "proxy/upstream/channel.h"
#include "proxy/upstream/endpoint_health.h"
#include "proxy/upstream/subset.h"

namespace woad {

// What is spoken to a service's endpoints. kAuto: gRPC as HTTP/2, all else as HTTP/1.1. kAsCame:
// what the client speaks.
enum class UpstreamProtocol : uint8_t { kAuto, kHttp1, kHttp2, kTcp, kAsCame };

enum class BalancerPolicy : uint8_t { kLeastRequest, kRoundRobin, kRandom, kPeakEwma, kRingHash };
std::string_view to_string(BalancerPolicy policy);

// What happens when a pool exists and none of its endpoints may be used.
enum class OnUnhealthy : uint8_t { kFail, kFallback, kPanic };

// How a coloured request may leave its colour.
enum class Fallback : uint8_t { kParentThenBase, kBase, kNone };

// One address that answers for a pool.
struct Endpoint {
  Address address;   // not valid while `name` has no address
  std::string name;  // as shown: "10.0.0.1:80"
  uint32_t weight = 100;
  std::string unresolved{};                  // why `address` is not valid, else ""
  std::shared_ptr<EndpointHealth> health{};  // of `address`, once its service is finished
  // Of `address` in its service, once that is finished; nullptr: the service has no health check.
  std::shared_ptr<CheckVerdict> check{};
  // Which of Pool::names has this address among others, counted from 1; 0: none.
  uint32_t of_name = 0;
  // It left its set, with most of the others (snapshot/suspects.h), and is in use until then.
  std::optional<MonoTime> suspect_until{};
  // Of `name`, the same in every sidecar; once its service is finished.
  uint64_t hash = 0;
  // It stands where its service prefers them to (`locality`).
  bool local = false;
  // When it came to a pool that had others; min(): it was there from the start.
  MonoTime joined = MonoTime::min();

  // Whether it failed its health check.
  bool unhealthy() const { return check != nullptr && !check->healthy(); }
  // Whether it was put out for its answers, and is not in again.
  bool ejected() const { return health != nullptr && health->ejection.out(); }
  // A suspect that has had its time, or does not answer well any more.
  bool is_over(MonoTime now) const {
    if (!suspect_until) return false;
    return now >= *suspect_until || unhealthy() || health->doubtful() || health->ejection.failing();
  }
  // Whether it may take a request now: neither its check nor its answers speak against it.
  bool may_answer(MonoTime now) const {
    return !unhealthy() && (health == nullptr || !health->ejection.keeps_out(now)) && !is_over(now);
  }
};

// Which endpoints a try may go to.
using Accept = FunctionRef<bool(const Endpoint&)>;

inline bool may_be_asked(const Endpoint& endpoint, Accept accept) {
  return endpoint.address.valid() && accept(endpoint);
}

// Endpoints of a pool that stand together, as a balancer goes by them.
struct Stretch {
  size_t first = 0;
  size_t count = 0;
  uint64_t total_weight = 0;
  uint64_t stride = 1;       // a step of round robin in units of weight, coprime to total_weight
  bool even_weights = true;  // all the same: balancers take the short way
};

struct Pool {
  std::string name;    // "red", "base", "red@acme", "base@acme"
  std::string color;   // "" = base
  std::string tenant;  // "" = any
  OnUnhealthy on_unhealthy = OnUnhealthy::kFail;
  // Of weight > 0, of the subset; first the local ones. The addresses of a name stand together.
  std::vector<Endpoint> endpoints;
  Stretch near;                          // the local ones; all, when none or all of them are
  Stretch far;                           // the others
  MonoTime last_join = MonoTime::min();  // of its endpoints
  std::vector<std::string> names;        // of several addresses, as written: "localhost:80"
  std::shared_ptr<PoolHealth> health{};  // once its service is finished

  // Whether an endpoint of it may take a request now. Of one whose names are all unresolved nothing
  // bad is known.
  bool may_answer(MonoTime now) const;
  // The endpoint of that address; nullptr: none.
  const Endpoint* find(const Address& address) const;
  // All addresses of the name that this one is of; itself alone when there is no such name.
  std::span<const Endpoint> addresses_of(const Endpoint& endpoint) const;
};

class Service final : public std::enable_shared_from_this<Service> {
 public:
  explicit Service(std::string name) : name_(std::move(name)) {}

  std::string_view name() const { return name_; }
  // The pool of exactly this colour ("" = base) and tenant ("" = any), or nullptr when it is
  // absent: no endpoint carries the labels and `pools` does not name it.
  const Pool* find_pool(std::string_view color, std::string_view tenant) const;

  const std::vector<Pool>& pools() const { return pools_; }

  // Building; only before the service is shared.
  // The pool of that colour and tenant, made when it does not exist.
  Pool& pool_for(std::string_view color, std::string_view tenant);
  void finish(HealthTable& health);
  // After that: notes which endpoints were not in `before`, an earlier state of it, and joined now.
  void note_joined(const Service& before, MonoTime now);

  // False: no file names it, such as the original destination of a connection. What a worker has of
  // it stays while it is used, whatever snapshots come.
  bool listed = true;
  UpstreamProtocol protocol = UpstreamProtocol::kAuto;
  BalancerPolicy policy = BalancerPolicy::kLeastRequest;
  Affinity affinity;             // with kRingHash
  std::optional<Subset> subset;  // of each pool
  double spill_below = 0;        // the share of a pool's near weight that is enough for all
  std::optional<HealthCheck> health_check;
  // How its endpoints are reached; never nullptr once the service is finished.
  std::shared_ptr<const Channel> channel;
  Fallback fallback = Fallback::kParentThenBase;  // how a request may move between its pools
  bool stateful = false;                          // no request of a colour falls back to its base
  bool external = false;                          // outside the mesh: it gets no context of ours

 private:
  std::string name_;
  std::vector<Pool> pools_;
  // Few colours are the rule and are searched in order; many are found by hash of the pool's name.
  std::unordered_map<std::string, uint32_t> by_name_;
};

// "red", "base", "red@acme", "base@acme".
std::string pool_name(std::string_view color, std::string_view tenant);

}  // namespace woad
