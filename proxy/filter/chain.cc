#include "proxy/filter/chain.h"

namespace woad {

void FilterChain::add(const FilterKind& kind, FilterSlot slot) {
  const auto index = static_cast<uint8_t>(kinds_.size());
  kinds_.push_back(&kind);
  slots_.push_back(std::move(slot));
  for (size_t hook = 0; hook < kHookCount; ++hook) {
    if (!kind.has(static_cast<Hook>(hook))) continue;
    auto& order = order_[hook];
    order.insert(runs_backward(static_cast<Hook>(hook)) ? order.begin() : order.end(), index);
  }
  if (kind.changes_match) heads_before_route_ = order(Hook::kRequestHead).size();
}

std::optional<size_t> FilterChain::position(std::string_view name) const {
  for (size_t i = 0; i < kinds_.size(); ++i) {
    if (kinds_[i]->name == name) return i;
  }
  return std::nullopt;
}

}  // namespace woad
