// The documents of config/examples/fleet, as config/control.md shows them.
#include <doctest/doctest.h>

#include "proxy/control/store/directory/directory.h"
#include "tests/control/documents/documents.h"

using namespace woad;
using namespace woad::control;

TEST_CASE("example: the fleet of config/examples is good") {
  const auto documents = read_directory(WOAD_SOURCE_DIR "/config/examples/fleet");
  REQUIRE(documents);
  const auto catalog = Catalog::read(*documents, {}, filter_registry(), nullptr);
  CHECK(test::problems_of(*catalog) == "");
  CHECK(catalog->services.size() == 3);
  for (const auto& [name, service] : catalog->services) CHECK(service.skeleton != nullptr);
}
