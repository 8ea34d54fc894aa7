// The part of compile() that makes chains and filter settings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/types.h"
#include "proxy/filter/chain.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

class FilterCompiler {
 public:
  FilterCompiler(const std::vector<FilterKind>& registry, const Snapshot* previous,
                 Snapshot& snapshot, config::Diagnostics& diagnostics)
      : registry_(registry), previous_(previous), snapshot_(snapshot), diagnostics_(diagnostics) {}

  // The chain of the file, or the default one.
  void compile_chain(Direction direction,
                     const std::optional<std::vector<config::FilterSettings>>& listed);

  // `base` with the settings given at a service or route of the outbound chain on top; empty when
  // none are given. `place` names where, for finding the state again after a reload.
  FilterSlots override_slots(const FilterSlots& base,
                             const std::vector<config::FilterSettings>& given,
                             const std::string& place);

  // Whether the slots that override_slots() made of the same settings before are what it would make
  // now; their state then lives on.
  bool keep(const std::vector<config::FilterSettings>& given, const FilterSlots& slots,
            const std::string& place);

 private:
  // nullptr, with an error: there is none of that name, or not yet.
  const FilterKind* find(const config::FilterSettings& filter) const;
  std::vector<config::FilterSettings> default_chain(Direction direction) const;
  FilterSlot make_slot(const FilterKind& kind, const config::Node& settings, const void* base,
                       const std::string& place);

  // The outbound chain is what it was in the snapshot before.
  bool same_chain();

  const std::vector<FilterKind>& registry_;
  const Snapshot* previous_;
  Snapshot& snapshot_;
  config::Diagnostics& diagnostics_;
  std::optional<bool> same_chain_;
};

}  // namespace woad
