// What is wrong in a file of which most was taken over, or in one that is compiled again, is told
// at its place in the whole text.
#include "proxy/snapshot/config_loader.h"

#include <doctest/doctest.h>

#include "filters/registry.h"
#include "tests/support/folder.h"

using namespace woad;
using namespace woad::test;

namespace {

const std::string kHead = "node: { service: cart }\nservices:\n  first: { endpoints: [] }\n";
const std::string kPrice = "  price:\n    filters: { timeout: { request: 5s } }\n";
const std::string kStock = "  stock:\n    endpoints: [ { address: 127.0.0.1:1 } ]\n";
const std::string kTail = "  last: { endpoints: [] }\n";

LoadBasis basis_of(const LoadedConfig& running) {
  return {filter_registry(), {}, running.snapshot, running.config};
}

TEST_CASE("config loader: errors of the next layer in a file that was read in part") {
  const Folder folder;
  const std::string path = folder / "woad.yaml";
  folder.put("woad.yaml", kHead + kPrice + kStock + kTail);
  const LoadedConfig running = load_config(path, {filter_registry()});
  REQUIRE_MESSAGE(running.snapshot != nullptr, running.errors);
  CHECK_FALSE(running.config->tells_places());

  struct Case {
    std::string text, told;
  };
  const std::string route = "routes: [ { match: { path: { regex: \"(\" } }, to: price } ]\n";
  const Case cases[] = {
      // Behind services that are taken over.
      {kHead + kPrice + kStock + kTail + route,
       path + ":9:37: error: routes[0].match.path.regex: "},
      // In a service that was good where it is, and moved.
      {kHead + kStock + kPrice + kTail + "filters: { outbound: [color_routing] }\n",
       path + ":7:16: error: services.price.filters.timeout: the filter timeout is not in the"},
  };
  for (const Case& each : cases) {
    folder.put("woad.yaml", each.text);
    const LoadedConfig refused = load_config(path, basis_of(running));
    CHECK(refused.snapshot == nullptr);
    CAPTURE(refused.errors);
    CHECK(refused.errors.starts_with(each.told));
    CHECK(refused.errors == load_config(path, {filter_registry()}).errors);
  }
}

TEST_CASE("config loader: what did not change is the same object, and is compiled again as it is") {
  const Folder folder;
  const std::string path = folder / "woad.yaml";
  folder.put("woad.yaml", kHead + kPrice + kStock + kTail);
  const LoadedConfig running = load_config(path, {filter_registry()});
  folder.put("woad.yaml", kHead + kPrice + "  stock:\n    endpoints: []\n" + kTail);
  const LoadedConfig next = load_config(path, basis_of(running));
  REQUIRE_MESSAGE(next.snapshot != nullptr, next.errors);
  CHECK(next.snapshot->services[1] == running.snapshot->services[1]);
  CHECK(next.snapshot->services[2] != running.snapshot->services[2]);
  const LoadedConfig again = compile_config(next.config, path, basis_of(next));
  REQUIRE_MESSAGE(again.snapshot != nullptr, again.errors);
  for (size_t i = 0; i < 4; ++i) CHECK(again.snapshot->services[i] == next.snapshot->services[i]);
  CHECK(*again.snapshot->source == next.config->source_text());
}

}  // namespace
