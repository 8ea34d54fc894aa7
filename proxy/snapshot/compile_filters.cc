#include "proxy/snapshot/compile_filters.h"

#include <algorithm>

#include "config/diagnostics.h"
#include "config/shape.h"

namespace woad {

const FilterKind* FilterCompiler::find(const config::FilterSettings& filter) const {
  const auto found = std::find_if(registry_.begin(), registry_.end(),
                                  [&](const FilterKind& kind) { return kind.name == filter.name; });
  if (found != registry_.end()) return &*found;
  std::vector<std::string_view> known;
  for (const FilterKind& each : registry_) known.push_back(each.name);
  diagnostics_.error_at_key(filter.source, "no filter is named " + config::in_quotes(filter.name),
                            config::did_you_mean(filter.name, known));
  return nullptr;
}

std::vector<config::FilterSettings> FilterCompiler::default_chain(Direction direction) const {
  std::vector<config::FilterSettings> chain;
  for (const FilterKind& kind : registry_) {
    if (includes(kind.by_default, direction)) chain.push_back({std::string(kind.name), {}, {}});
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
    const FilterKind* kind = find(filter);
    if (kind == nullptr) continue;
    if (!includes(kind->place, direction)) {
      diagnostics_.error(filter.source, "the filter " + filter.name + " has no place in the " +
                                            std::string(to_string(direction)) + " chain");
      continue;
    }
    if (chain.position(kind->name)) continue;  // the list's reader has told it
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
    const FilterKind* kind = find(filter);
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

bool FilterCompiler::same_chain() {
  const FilterChain& now = snapshot_.chain(Direction::kOutbound);
  const FilterChain& before = previous_->chain(Direction::kOutbound);
  if (now.size() != before.size()) return false;
  for (size_t i = 0; i < now.size(); ++i) {
    const FilterSlot& a = now.slots()[i];
    const FilterSlot& b = before.slots()[i];
    if (&now.kind(i) != &before.kind(i) || a.state != b.state) return false;
    if (!now.kind(i).same_settings(a.settings.get(), b.settings.get())) return false;
  }
  return true;
}

bool FilterCompiler::keep(const std::vector<config::FilterSettings>& given,
                          const FilterSlots& slots, const std::string& place) {
  if (given.empty()) return true;
  if (!same_chain_) same_chain_ = same_chain();
  if (!*same_chain_) return false;
  const FilterChain& chain = snapshot_.chain(Direction::kOutbound);
  for (const config::FilterSettings& filter : given) {
    const auto position = chain.position(filter.name);
    if (!position) return false;
    if (chain.kind(*position).make_state == nullptr) continue;
    snapshot_.stateful_slots.emplace(place + "/" + filter.name, slots[*position]);
  }
  return true;
}

}  // namespace woad
