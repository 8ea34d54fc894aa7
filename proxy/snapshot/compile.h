// From a loaded file to a snapshot: what boot, reload, `woad validate` and `woad explain` all run.
//
// Runs on any thread but never on a loop that serves. Errors that only this layer can find (filter
// settings, regular expressions) are added to the same diagnostics.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/load.h"
#include "proxy/filter/kind.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

// Host names that stand in addresses of endpoints and apps, each once.
std::vector<std::string> names_to_resolve(const config::Config& config);

// `tls` is what load_tls() made of the same file. `previous` (may be nullptr) gives the state of
// filters whose settings did not change, the tables of contexts, and whole services that `config`
// has taken over and whose surroundings (addresses of names, TLS, the chain) are as they were;
// `seed` is for the tables that are made; endpoints that are new since `previous` join `now`, and
// suspects (suspects.h) are judged by it. A function of its arguments. The result is of no use when
// `diagnostics` has errors afterwards.
std::shared_ptr<Snapshot> compile(const config::Config& config,
                                  const std::vector<FilterKind>& registry,
                                  const Resolutions& resolutions, SnapshotTls tls,
                                  const Snapshot* previous, uint64_t seed,
                                  config::Diagnostics& diagnostics, MonoTime now = {});

}  // namespace woad
