#include "proxy/observe/plaintext_callers.h"

#include <algorithm>

namespace woad {

void PlaintextCallers::count(std::string_view address, WallTime now) {
  auto found = seen_.find(address);
  if (found == seen_.end()) found = seen_.emplace(std::string(address), Seen{}).first;
  ++found->second.requests;
  found->second.last = now;
  make_room();
}

void PlaintextCallers::make_room() {
  while (seen_.size() > kMost) {
    seen_.erase(std::min_element(seen_.begin(), seen_.end(), [](const auto& a, const auto& b) {
      return a.second.last < b.second.last;
    }));
  }
}

void PlaintextCallers::merge(const PlaintextCallers& other) {
  for (const auto& [address, theirs] : other.seen_) {
    Seen& ours = seen_[address];
    ours.requests += theirs.requests;
    ours.last = std::max(ours.last, theirs.last);
  }
  make_room();
}

std::vector<PlaintextCallers::Caller> PlaintextCallers::list() const {
  std::vector<Caller> all;
  all.reserve(seen_.size());
  for (const auto& [address, seen] : seen_) all.push_back({address, seen.requests, seen.last});
  std::stable_sort(all.begin(), all.end(),
                   [](const Caller& a, const Caller& b) { return a.requests > b.requests; });
  return all;
}

}  // namespace woad
