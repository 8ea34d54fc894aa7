// Each filter's example.yaml is a whole configuration without an error.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "config/load.h"
#include "filters/registry.h"

namespace woad {
namespace {

const FilterKind* find_kind(std::string_view name) {
  const auto& kinds = filter_registry();
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const FilterKind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

using Names = std::vector<std::string>;

// Parses the settings of `listed`; adds the names of filters to `seen`.
void parse_all(const std::vector<config::FilterSettings>& listed, Names& seen,
               config::Diagnostics& diagnostics) {
  for (const config::FilterSettings& each : listed) {
    CAPTURE(each.name);
    const FilterKind* kind = find_kind(each.name);
    REQUIRE(kind != nullptr);
    CHECK(kind->parse(each.settings ? &each.settings : nullptr, nullptr, diagnostics) != nullptr);
    seen.push_back(each.name);
  }
}

TEST_CASE("examples: each loads, and shows its filter") {
  int examples = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(WOAD_SOURCE_DIR) + "/filters")) {
    if (!entry.is_directory()) continue;
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    auto loaded =
        config::load_file((entry.path() / "example.yaml").string(), config::Environment::none());
    CHECK(loaded.diagnostics.text() == "");
    REQUIRE(loaded.ok());
    Names seen;
    const config::Config& file = *loaded.config;
    if (file.filters.inbound) parse_all(*file.filters.inbound, seen, loaded.diagnostics);
    if (file.filters.outbound) parse_all(*file.filters.outbound, seen, loaded.diagnostics);
    for (const auto& service : file.services) parse_all(service->filters, seen, loaded.diagnostics);
    for (const auto& route : file.routes) parse_all(route.filters, seen, loaded.diagnostics);
    CHECK(loaded.diagnostics.text() == "");
    if (name != "_template") CHECK(std::find(seen.begin(), seen.end(), name) != seen.end());
    ++examples;
  }
  CHECK(examples == filter_registry().size() + 1);  // and the template
}

}  // namespace
}  // namespace woad
