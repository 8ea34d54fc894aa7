#include "filters/registry.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "config/diagnostics.h"
#include "proxy/base/strings.h"

namespace woad {
namespace {

// The lines of config/reference.md that show the chains, such as
// "  inbound: [access_log, timeout]".
std::string documented_chain(std::string_view direction) {
  std::ifstream file(std::string(WOAD_SOURCE_DIR) + "/config/reference.md");
  const std::string begin = "  " + std::string(direction) + ": [access_log,";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(begin)) return line;
  }
  return "(none)";
}

TEST_CASE("registry: the default chains are those of the reference") {
  for (const Direction direction : {Direction::kInbound, Direction::kOutbound}) {
    std::string chain = "  " + std::string(to_string(direction)) + ": [";
    for (const FilterKind& kind : filter_registry()) {
      if (!includes(kind.by_default, direction)) continue;
      chain.append(chain.ends_with('[') ? "" : ", ").append(kind.name);
    }
    CHECK(documented_chain(to_string(direction)) == chain + "]");
  }
}

TEST_CASE("registry: no filter is where it has no place") {
  for (const FilterKind& kind : filter_registry()) {
    CAPTURE(kind.name);
    for (const Direction direction : {Direction::kInbound, Direction::kOutbound}) {
      if (includes(kind.by_default, direction)) CHECK(includes(kind.place, direction));
    }
  }
}

TEST_CASE("registry: every folder but the template is registered, once, by its name") {
  std::set<std::string> folders;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(WOAD_SOURCE_DIR) + "/filters")) {
    if (entry.is_directory()) folders.insert(entry.path().filename().string());
  }
  folders.erase("_template");
  std::multiset<std::string> registered;
  for (const FilterKind& kind : filter_registry()) registered.emplace(kind.name);
  CHECK(std::equal(folders.begin(), folders.end(), registered.begin(), registered.end()));
}

TEST_CASE("registry: defaults are equal to themselves and have a schema") {
  for (const FilterKind& kind : filter_registry()) {
    CAPTURE(kind.name);
    config::Diagnostics diagnostics("woad.yaml");
    const auto defaults = kind.parse(nullptr, nullptr, diagnostics);
    REQUIRE(defaults != nullptr);
    const auto copy = kind.parse(nullptr, defaults.get(), diagnostics);
    CHECK(kind.same_settings(defaults.get(), copy.get()));
    CHECK(diagnostics.ok());
    CHECK(kind.schema().starts_with("{"));
    if (kind.make_state != nullptr) CHECK(kind.make_state(defaults.get()) != nullptr);
  }
}

}  // namespace
}  // namespace woad
