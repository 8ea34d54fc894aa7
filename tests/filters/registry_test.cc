#include "filters/registry.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "config/diagnostics.h"
#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr uint16_t bits(std::initializer_list<Hook> hooks) {
  unsigned all = 0;
  for (const Hook hook : hooks) all |= 1u << static_cast<unsigned>(hook);
  return static_cast<uint16_t>(all);
}

TEST_CASE("registry: place, hooks and state of each filter") {
  struct Case {
    std::string_view name;
    FilterPlace place;
    uint16_t hooks;
    bool state;
  };
  using enum Hook;
  const Case cases[] = {
      {"access_log", FilterPlace::kBoth, bits({kEnd}), true},
      {"authorization", FilterPlace::kInbound, bits({kRequestHead, kRequestTrailers}), false},
      {"color_routing", FilterPlace::kOutbound, bits({kAttempt}), false},
      {"fault", FilterPlace::kBoth, bits({kRequestHead}), false},
      {"headers", FilterPlace::kBoth, bits({kRequestHead, kResponseHead}), false},
      {"peer_identity", FilterPlace::kInbound, bits({kRequestHead}), false},
      {"rate_limit", FilterPlace::kBoth, bits({kRequestHead}), true},
      {"timeout", FilterPlace::kBoth,
       bits({kRequestHead, kRequestData, kRequestTrailers, kAttempt, kResponseHead, kResponseData}),
       false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    const auto& kinds = filter_registry();
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const FilterKind& k) { return k.name == each.name; });
    REQUIRE(kind != kinds.end());
    CHECK(kind->place == each.place);
    CHECK(kind->hooks == each.hooks);
    CHECK((kind->make_state != nullptr) == each.state);
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
