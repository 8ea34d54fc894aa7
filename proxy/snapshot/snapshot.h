// Everything the data path knows from the file: one immutable object, swapped whole.
//
// Made off the serving loops by compile() (compile.h), shared by all workers; an exchange keeps the
// snapshot with which it began. Any thread may read it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "config/types.h"
#include "proxy/base/strings.h"
#include "proxy/base/time.h"
#include "proxy/context/system.h"
#include "proxy/filter/chain.h"
#include "proxy/http/codec.h"
#include "proxy/http/exchange_info.h"
#include "proxy/net/address.h"
#include "proxy/snapshot/compile_channel.h"
#include "proxy/snapshot/destination.h"
#include "proxy/snapshot/route.h"
#include "proxy/snapshot/tls.h"

namespace woad {

using ListenerProtocol = config::Protocol;
using config::Mtls;

// One listening address of the data path.
struct ListenerSpec {
  Direction direction = Direction::kOutbound;
  Address address;
  std::string name;  // "127.0.0.1:15006", as in the file
  ListenerProtocol protocol = ListenerProtocol::kAuto;
  // Inbound: the app as a service of one pool and endpoint, for connections that were not
  // redirected; nullptr: its port is known for redirected ones alone.
  std::unique_ptr<ServiceEntry> app;
  bool redirect = false;               // connections come redirected
  std::vector<uint16_t> opaque_ports;  // original ports whose server may speak first
  // What is at the original address of a connection that no service claims.
  DestinationModels destinations;
  Mtls mtls = Mtls::kOff;
  std::shared_ptr<const TlsServerOptions> tls_options;  // unless kOff
  std::vector<std::string> probe_paths;

  // Whoever is served here speaks by this pod's identity, and has its way into the mesh.
  bool serves_own_pod() const { return redirect && direction == Direction::kOutbound; }
};

// How long and how much an exchange goes on with what nobody has a setting for.
struct ExchangeLimits {
  size_t replay = 64 * 1024;        // a request body up to this is kept for another try
  Duration tunnel_idle = hours(1);  // a tunnel without bytes either way (reference, "Upgrade")
  // A shadow that owes something makes progress within this: the default of timeout.request.
  Duration mirror_patience = seconds(15);
  // What may wait for a slow shadow: some 100 ms of a fast upload, in which it may connect, start a
  // process or collect its garbage. And for all shadows of a worker: four that stand still.
  size_t mirror_behind = size_t{16} << 20;
  size_t mirrors_behind = size_t{64} << 20;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

struct Snapshot {
  std::string version;                        // of the file
  std::string hash;                           // of its text
  std::shared_ptr<const std::string> source;  // its text
  std::string node_service;
  std::string instance;
  Labels node_labels;
  std::array<FilterChain, 2> chains;  // by Direction
  std::vector<ListenerSpec> listeners;
  std::vector<std::shared_ptr<const ServiceEntry>> services;  // in the order of the file
  HostTable hosts;
  AddressTable addresses;  // empty where nothing comes redirected
  RouteTable routes;
  ContextSystem context;
  std::shared_ptr<HealthTable> health;  // taken over from the snapshot before
  SnapshotTls tls;
  Channels channels;
  HttpLimits limits;
  ExchangeLimits exchange_limits;
  uint32_t client_connections = 10000;
  std::vector<uint16_t> own_ports;  // where this process listens
  // Settings and state of the filters that have state, by their place in the file: a reload that
  // finds the same settings at the same place goes on with the state.
  std::map<std::string, FilterSlot> stateful_slots;
  // Colours of the file (labels and pools); others are "other" in metrics.
  std::unordered_set<std::string, TextHash, std::equal_to<>> colors;

  const FilterChain& chain(Direction direction) const {
    return chains[static_cast<size_t>(direction)];
  }
};

}  // namespace woad
