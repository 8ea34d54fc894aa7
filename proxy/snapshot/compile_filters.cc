#include "proxy/snapshot/compile_filters.h"

#include <algorithm>

#include "config/load.h"

namespace woad {
namespace {

// The order of the default chains (config/reference.md, "filters"); those that exist are taken.
constexpr std::string_view kInboundOrder[] = {
    "access_log", "peer_identity", "authorization", "context", "trace", "rate_limit", "timeout"};
constexpr std::string_view kOutboundOrder[] = {"access_log", "context",       "trace",
                                               "fault",      "color_routing", "rate_limit",
                                               "timeout",    "retry",         "circuit_breaker"};

bool fits(FilterPlace place, Direction direction) {
  return place == FilterPlace::kBoth ||
         (place == FilterPlace::kInbound) == (direction == Direction::kInbound);
}

}  // namespace

const FilterKind* FilterCompiler::find(std::string_view name) const {
  const auto found = std::find_if(registry_.begin(), registry_.end(),
                                  [&](const FilterKind& kind) { return kind.name == name; });
  return found == registry_.end() ? nullptr : &*found;
}

const FilterKind* FilterCompiler::find_or_complain(const config::FilterSettings& filter) const {
  const FilterKind* kind = find(filter.name);
  if (kind != nullptr) return kind;
  std::vector<std::string_view> known;
  for (const FilterKind& each : registry_) known.push_back(each.name);
  config::unknown_filter(filter, known, diagnostics_);
  return nullptr;
}

std::vector<config::FilterSettings> FilterCompiler::default_chain(Direction direction) const {
  std::vector<config::FilterSettings> chain;
  const auto take = [&](std::string_view name) {
    if (find(name) != nullptr) chain.push_back({std::string(name), {}, {}});
  };
  if (direction == Direction::kInbound) {
    for (const std::string_view name : kInboundOrder) take(name);
  } else {
    for (const std::string_view name : kOutboundOrder) take(name);
  }
  return chain;
}

FilterSlot FilterCompiler::make_slot(const FilterKind& kind, const config::Node& settings,
                                     const void* base, const std::string& place) {
  FilterSlot slot;
  slot.settings = kind.parse(settings ? &settings : nullptr, base, diagnostics_);
  if (kind.make_state == nullptr || !diagnostics_.ok()) return slot;
  if (previous_ != nullptr) {
    const auto before = previous_->stateful_slots.find(place);
    if (before != previous_->stateful_slots.end() &&
        kind.same_settings(before->second.settings.get(), slot.settings.get())) {
      slot.state = before->second.state;
    }
  }
  if (slot.state == nullptr) slot.state = kind.make_state(slot.settings.get());
  snapshot_.stateful_slots.emplace(place, slot);
  return slot;
}

void FilterCompiler::compile_chain(
    Direction direction, const std::optional<std::vector<config::FilterSettings>>& listed) {
  FilterChain& chain = snapshot_.chains[static_cast<size_t>(direction)];
  const std::string place = std::string(to_string(direction)) + "/";
  for (const config::FilterSettings& filter : listed ? *listed : default_chain(direction)) {
    const FilterKind* kind = find_or_complain(filter);
    if (kind == nullptr) continue;
    if (!fits(kind->place, direction)) {
      diagnostics_.error(filter.source, "the filter " + filter.name + " has no place in the " +
                                            std::string(to_string(direction)) + " chain");
      continue;
    }
    if (chain.position(kind->name)) {
      diagnostics_.error(filter.source, "the filter " + filter.name + " is in the chain twice");
      continue;
    }
    if (chain.size() == FilterChain::kMaxFilters) {
      diagnostics_.error(filter.source, "a chain has at most " +
                                            std::to_string(FilterChain::kMaxFilters) + " filters");
      return;
    }
    chain.add(*kind, make_slot(*kind, filter.settings, nullptr, place + filter.name));
  }
}

FilterSlots FilterCompiler::override_slots(const FilterSlots& base,
                                           const std::vector<config::FilterSettings>& given,
                                           const std::string& place) {
  if (given.empty()) return {};
  const FilterChain& chain = snapshot_.chain(Direction::kOutbound);
  FilterSlots slots = base;
  for (const config::FilterSettings& filter : given) {
    const FilterKind* kind = find_or_complain(filter);
    if (kind == nullptr) continue;
    const auto position = chain.position(kind->name);
    if (!position) {
      diagnostics_.error_at_key(filter.source,
                                "the filter " + filter.name + " is not in the outbound chain",
                                "add it to filters.outbound");
      continue;
    }
    slots[*position] = make_slot(*kind, filter.settings, base[*position].settings.get(),
                                 place + "/" + filter.name);
  }
  return slots;
}

}  // namespace woad
