// A service as a snapshot holds it, and what it was compiled of: snapshots share an entry for as
// long as that stays the same. Immutable once shared; any thread.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/types.h"
#include "proxy/filter/chain.h"
#include "proxy/net/address.h"
#include "proxy/upstream/service.h"

namespace woad {

// What the resolver knows of a host name.
struct Resolution {
  std::vector<Address> addresses;  // ports are of no meaning; empty: see error
  std::string error;               // such as "a.test: no such name"; "" = not answered yet
  bool operator==(const Resolution&) const = default;
};
using Resolutions = std::unordered_map<std::string, Resolution>;

struct ServiceEntry {
  explicit ServiceEntry(std::shared_ptr<const Service> of)
      : owned(std::move(of)), service(*owned) {}
  std::shared_ptr<const Service> owned;
  const Service& service;
  FilterSlots filters;  // of the chain that leads to it, with the service's own settings

  std::shared_ptr<const config::Service> from;                 // nullptr: the app behind a listener
  std::vector<std::pair<std::string, Resolution>> resolved{};  // its names, as they were known
  // The same for bytes that are TLS already, where woad's own would be put around opaque ones;
  // nullptr: there is nothing else to do.
  std::shared_ptr<const ServiceEntry> own_tls{};
  bool has_suspects = false;
  std::vector<std::string> colors{};  // of its endpoints and pools
};

}  // namespace woad
