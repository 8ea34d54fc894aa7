// The chain of a direction, compiled at load: which filters, in which order each hook calls them,
// and the settings of each place in the file. Immutable, part of the snapshot.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/filter/kind.h"

namespace woad {

// One filter's settings at one place (chain, service or route), with their shared state.
struct FilterSlot {
  std::shared_ptr<const void> settings;
  std::shared_ptr<void> state;
};

// The settings of all filters of a chain at one place, by position in the chain.
using FilterSlots = std::vector<FilterSlot>;

class FilterChain {
 public:
  // Filters a request can pass; more is refused at load.
  static constexpr size_t kMaxFilters = 32;

  void add(const FilterKind& kind, FilterSlot slot);

  size_t size() const { return kinds_.size(); }
  const FilterKind& kind(size_t index) const { return *kinds_[index]; }
  const FilterSlots& slots() const { return slots_; }
  // Where the filter of that name stands, if it does.
  std::optional<size_t> position(std::string_view name) const;
  // Positions of the filters that have the hook, in the order in which it calls them.
  const std::vector<uint8_t>& order(Hook hook) const { return order_[static_cast<size_t>(hook)]; }
  // How many of order(Hook::kRequestHead) see the head before the route is chosen.
  size_t heads_before_route() const { return heads_before_route_; }

 private:
  std::vector<const FilterKind*> kinds_;
  FilterSlots slots_;
  std::array<std::vector<uint8_t>, kHookCount> order_;
  size_t heads_before_route_ = 0;
};

}  // namespace woad
