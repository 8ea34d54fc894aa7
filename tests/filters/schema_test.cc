#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/filters/support/schema.h"

namespace woad {
namespace {

TEST_CASE("schema: config/schema.json is that of the tables (WOAD_UPDATE=1 writes it anew)") {
  const std::string path = std::string(WOAD_SOURCE_DIR) + "/config/schema.json";
  const std::string expected = test::whole_schema();
  if (std::getenv("WOAD_UPDATE") != nullptr) {
    std::ofstream(path, std::ios::binary) << expected;
  }
  std::ifstream in(path, std::ios::binary);
  std::stringstream found;
  found << in.rdbuf();
  const bool same = found.str() == expected;
  CHECK_MESSAGE(same, "run ./dev schema");
}

}  // namespace
}  // namespace woad
