// The whole schema of woad.yaml with every registered filter: what config/schema.json holds.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "config/schema.h"
#include "filters/registry.h"

namespace woad::test {

inline std::string whole_schema() {
  std::vector<config::FilterSchema> filters;
  for (const FilterKind& kind : filter_registry()) {
    filters.push_back({std::string(kind.name), kind.schema()});
  }
  std::sort(filters.begin(), filters.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return config::schema_text(filters);
}

}  // namespace woad::test
