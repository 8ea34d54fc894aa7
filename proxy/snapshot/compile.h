// From a loaded file to a snapshot: what boot, reload, `woad validate` and `woad explain` all run.
//
// Runs on any thread but never on a loop that serves. Errors that only this layer can find (filter
// settings, regular expressions) are added to the same diagnostics.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/load.h"
#include "proxy/filter/kind.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

// What the resolver knows of a host name.
struct Resolution {
  std::vector<Address> addresses;  // ports are of no meaning; empty: see error
  std::string error;               // "" = not answered yet
};
using Resolutions = std::unordered_map<std::string, Resolution>;

// Host names that stand in addresses of endpoints and apps, each once.
std::vector<std::string> names_to_resolve(const config::Config& config);

// `tls` is what load_tls() made of the same file. `previous` (may be nullptr) gives the state of
// filters whose settings did not change, and the tables of contexts; `seed` is for those that are
// made. A function of its arguments. The result is of no use when `diagnostics` has errors
// afterwards.
std::shared_ptr<Snapshot> compile(const config::Config& config,
                                  const std::vector<FilterKind>& registry,
                                  const Resolutions& resolutions, SnapshotTls tls,
                                  const Snapshot* previous, uint64_t seed,
                                  config::Diagnostics& diagnostics);

}  // namespace woad
