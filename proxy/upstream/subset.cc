#include "proxy/upstream/subset.h"

#include <algorithm>
#include <utility>

#include "proxy/base/stable_hash.h"
#include "proxy/upstream/service.h"

namespace woad {
namespace {

// Where the subset lies in a shuffled order of the endpoints.
struct Slice {
  uint64_t shuffle;  // which order
  size_t first;
};

Slice slice_of(const Subset& subset, size_t count) {
  if (!subset.index) return {subset.caller, 0};
  const size_t in_round = count / subset.size;
  const size_t round = *subset.index / in_round;
  return {mixed(round + 1), *subset.index % in_round * subset.size};
}

}  // namespace

void keep_subset(std::vector<Endpoint>& endpoints, const Subset& subset) {
  if (endpoints.size() <= subset.size) return;
  const Slice slice = slice_of(subset, endpoints.size());
  std::vector<std::pair<uint64_t, size_t>> order;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    order.emplace_back(mixed(endpoints[i].hash ^ slice.shuffle), i);
  }
  std::sort(order.begin(), order.end());
  std::vector<bool> kept(endpoints.size());
  for (size_t i = 0; i < subset.size; ++i) kept[order[slice.first + i].second] = true;
  std::erase_if(endpoints, [&](const Endpoint& endpoint) {
    return !kept[static_cast<size_t>(&endpoint - endpoints.data())];
  });
}

}  // namespace woad
