// Which endpoints of a large pool a sidecar uses, so that not everyone has connections to all.
//
// With its place among the callers: deterministic subsetting ("Load Balancing in the Datacenter",
// Site Reliability Engineering, 2016). The callers are dealt with in rounds; a round shuffles the
// endpoints in its own way and gives each caller a slice, so that in a round no endpoint has two
// callers. Without it: the endpoints nearest to the caller's hash (rendezvous hashing). Either way
// it goes by the endpoints' hashes alone: their order does not matter, and one that leaves takes
// one place in the subsets it was in. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace woad {

struct Endpoint;

struct Subset {
  uint32_t size;                  // at least 1
  std::optional<uint32_t> index;  // of this caller among all: 0, 1, 2 …
  uint64_t caller = 0;            // without index: the stable hash of its name
};

// Keeps those of the subset, in their order; all, when there are no more than `size`.
void keep_subset(std::vector<Endpoint>& endpoints, const Subset& subset);

}  // namespace woad
