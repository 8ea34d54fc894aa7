// Each file of config/examples/ (its folders are fleets' documents) loads, names the schema on its
// first line, and needs no variable.
#include <doctest/doctest.h>

#include <filesystem>

#include "config/load.h"

using namespace woad::config;
namespace fs = std::filesystem;

TEST_CASE("examples load") {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(WOAD_SOURCE_DIR) / "config/examples")) {
    if (entry.is_directory()) continue;
    ++count;
    const auto result = load_file(entry.path().string(), Environment::none());
    INFO(result.diagnostics.text());
    REQUIRE(result.ok());
    CHECK(result.config->source_text().starts_with(
        "# yaml-language-server: $schema=../schema.json\n# "));
  }
  CHECK(count >= 9);
}
