// Routes and hosts, compiled: which service, answer or redirect a request gets. Immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "proxy/base/random.h"
#include "proxy/base/strings.h"
#include "proxy/match/matcher.h"
#include "proxy/net/address.h"
#include "proxy/snapshot/service_entry.h"

namespace woad {

// Where a route sends: a service with the settings of route over service.
struct RouteTarget {
  const ServiceEntry* service = nullptr;
  uint64_t weight = 1;
  FilterSlots filters;
};

struct Respond {
  int status;
  std::string body;
};

struct Redirect {
  std::string scheme;  // "" = as the request's
  std::string host;
  std::string path;
  int status;
};

struct Mirror {
  const ServiceEntry* service;
  double share;  // 0 to 1
};

struct Route {
  std::string name;  // "routes[3]"
  Matcher match;
  std::variant<std::vector<RouteTarget>, Respond, Redirect> action;
  uint64_t total_weight = 0;
  std::optional<std::string> rewrite_prefix;  // replaces the matched path prefix
  std::optional<Mirror> mirror;
  FilterSlots filters;  // of a route without targets

  // The target by weight; nullptr for a route without targets.
  const RouteTarget* pick(Random& random) const;
};

// The routes of a file, found without looking at each: by exact path and by path prefix through
// hashes, the rest in order.
class RouteTable {
 public:
  void add(Route route);
  // The first route of the file that matches, or nullptr.
  const Route* find(const MatchInput& input) const;
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  using Index = std::vector<uint32_t>;  // ascending
  using ByText = std::unordered_map<std::string, Index, TextHash, std::equal_to<>>;

  void first_match(const Index& candidates, const MatchInput& input, uint32_t& best) const;

  std::vector<std::unique_ptr<Route>> routes_;
  ByText by_exact_path_;
  ByText by_path_prefix_;
  Index rest_;
};

// Which service owns a host.
class HostTable {
 public:
  // Patterns as HostPattern, claimed for these ports, or for all that nobody else claims when none
  // are named; the caller has made sure that none comes twice.
  void add(std::string_view pattern, const std::vector<uint16_t>& ports,
           const ServiceEntry& service);
  // `host` and `port` as normal_host() and port_of() give them. Exact before the longest "*."
  // before any, and of these the first that claims the port.
  const ServiceEntry* find(std::string_view host, uint16_t port) const;
  // Whether any host is claimed by its port: else that does not matter.
  bool knows_ports() const { return knows_ports_; }

 private:
  // Who claims one pattern.
  struct Claims {
    const ServiceEntry* all = nullptr;  // but those
    std::vector<std::pair<uint16_t, const ServiceEntry*>> ports;

    const ServiceEntry* find(uint16_t port) const;
  };
  std::unordered_map<std::string, Claims, TextHash, std::equal_to<>> exact_;
  std::unordered_map<std::string, Claims, TextHash, std::equal_to<>> below_;  // ".shop"
  Claims any_;
  bool knows_ports_ = false;
};

// Which service has an endpoint at an address.
class AddressTable {
 public:
  void reserve(size_t endpoints) { services_.reserve(endpoints); }
  // The first service that is added keeps an address that several have.
  void add(const ServiceEntry& service);
  // nullptr: nobody.
  const ServiceEntry* find(const Address& address) const;

 private:
  std::unordered_map<Address, const ServiceEntry*> services_;
};

}  // namespace woad
