// One kind of filter, as the registry lists it: its name, its settings, how to make one.
//
// A kind is made from a filter class F by filter_kind<F>():
//   F : HttpFilter, constructible from FilterContext&
//   F::Settings    equality-comparable, default-constructible: the defaults; config::NoSettings
//                  when there are none
//   F::kTable      the decode table of Settings (config/table.h)
//   F::State       optional: state shared by all workers, constructible from const Settings&; it
//                  survives a reload when the settings at its place did not change
//   F::kChangesMatch   optional, true: on_request_head changes what routes match on, so the route
//                      of an outbound request is chosen behind it
// Which hooks F overrides is found out at compile time; others are never called.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "config/diagnostics.h"
#include "config/node.h"
#include "config/table.h"
#include "proxy/filter/filter.h"

namespace woad {

enum class Hook : uint8_t {
  kRequestHead,
  kRequestData,
  kRequestTrailers,
  kAttempt,
  kOutcome,
  kNextTry,
  kResponseHead,
  kResponseData,
  kResponseTrailers,
  kEnd,
};
inline constexpr size_t kHookCount = static_cast<size_t>(Hook::kEnd) + 1;

// Whether the hook calls the last filter of the chain first.
constexpr bool runs_backward(Hook hook) {
  return hook == Hook::kResponseHead || hook == Hook::kResponseData ||
         hook == Hook::kResponseTrailers;
}

// Bits: the chains of which directions.
enum class FilterPlace : uint8_t { kNone = 0, kInbound = 1, kOutbound = 2, kBoth = 3 };

constexpr bool includes(FilterPlace place, Direction direction) {
  return (static_cast<unsigned>(place) >> static_cast<unsigned>(direction) & 1) != 0;
}

struct FilterKind {
  std::string_view name;
  FilterPlace place;                            // where it may stand
  FilterPlace by_default = FilterPlace::kNone;  // where it stands when the file lists no chain
  uint16_t hooks = 0;                           // bit 1 << Hook for each hook the filter overrides
  bool changes_match = false;                   // see above

  // Settings from `node` on top of `base` (nullptr: the defaults); errors go to `diagnostics` and
  // the result is then of no use. `node` nullptr: `base` or the defaults themselves.
  std::shared_ptr<const void> (*parse)(const config::Node* node, const void* base,
                                       config::Diagnostics& diagnostics) = nullptr;
  bool (*same_settings)(const void* a, const void* b) = nullptr;
  std::shared_ptr<void> (*make_state)(const void* settings) = nullptr;  // nullptr: no state
  HttpFilter* (*create)(Arena& arena, FilterContext& context) = nullptr;
  // The JSON schema of the settings, as text.
  std::string (*schema)() = nullptr;

  bool has(Hook hook) const { return (hooks >> static_cast<unsigned>(hook) & 1) != 0; }
};

namespace detail {

template <class F, class Base, class... Args>
constexpr bool overrides(Base (F::*)(Args...)) {
  return !std::is_same_v<F, HttpFilter>;
}

template <class F>
constexpr uint16_t hooks_of() {
  // &F::hook has type R (HttpFilter::*)(…) when F only inherits it.
  const bool set[kHookCount] = {
      overrides(&F::on_request_head),      overrides(&F::on_request_data),
      overrides(&F::on_request_trailers),  overrides(&F::on_attempt),
      overrides(&F::on_outcome),           overrides(&F::next_try),
      overrides(&F::on_response_head),     overrides(&F::on_response_data),
      overrides(&F::on_response_trailers), overrides(&F::on_end)};
  uint16_t bits = 0;
  for (size_t i = 0; i < kHookCount; ++i) {
    if (set[i]) bits = static_cast<uint16_t>(bits | (1u << i));
  }
  return bits;
}

template <class F>
constexpr auto state_maker() -> std::shared_ptr<void> (*)(const void*) {
  if constexpr (requires { typename F::State; }) {
    return [](const void* settings) -> std::shared_ptr<void> {
      return std::make_shared<typename F::State>(
          *static_cast<const typename F::Settings*>(settings));
    };
  } else {
    return nullptr;
  }
}

template <class F>
constexpr bool changes_match() {
  if constexpr (requires { F::kChangesMatch; }) {
    return F::kChangesMatch;
  } else {
    return false;
  }
}

}  // namespace detail

// A filter that may stand in the chains of `place`, and does in those of `by_default`.
template <class F>
FilterKind filter_kind(std::string_view name, FilterPlace place, FilterPlace by_default) {
  using Settings = typename F::Settings;
  return {
      name,
      place,
      by_default,
      detail::hooks_of<F>(),
      detail::changes_match<F>(),
      [](const config::Node* node, const void* base,
         config::Diagnostics& diagnostics) -> std::shared_ptr<const void> {
        auto settings = base == nullptr
                            ? std::make_shared<Settings>()
                            : std::make_shared<Settings>(*static_cast<const Settings*>(base));
        if (node != nullptr) F::kTable.decode(*node, *settings, diagnostics);
        return settings;
      },
      [](const void* a, const void* b) {
        return *static_cast<const Settings*>(a) == *static_cast<const Settings*>(b);
      },
      detail::state_maker<F>(),
      [](Arena& arena, FilterContext& context) -> HttpFilter* { return arena.make<F>(context); },
      [] { return F::kTable.schema_text(); }};
}

template <class F>
FilterKind filter_kind(std::string_view name, FilterPlace place) {
  return filter_kind<F>(name, place, place);
}

}  // namespace woad
