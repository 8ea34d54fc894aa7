// config/reference.md tells what the tables do: its table of keys is generated.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/schema.h"

using namespace woad::config;

TEST_CASE("every key has its line in the reference, word for word") {
  std::ifstream in(std::string(WOAD_SOURCE_DIR) + "/config/reference.md");
  std::ostringstream text;
  text << in.rdbuf();
  const std::string reference = text.str();
  CHECK(reference_rows().size() > 80);
  for (const ReferenceRow& row : reference_rows()) {
    const std::string line = reference_table({row});
    INFO(line);
    CHECK(reference.find(line) != std::string::npos);
  }
}

TEST_CASE("the schema is JSON and takes in what filters say") {
  const auto schema = nlohmann::json::parse(schema_text(
      {{"timeout", R"({"type":"object","properties":{"request":{"type":"string"}}})"}}));
  CHECK(schema["properties"].contains("services"));
  CHECK(schema["properties"]["tls"]["required"].size() == 3);
  CHECK(schema["required"] == nlohmann::json::array({"node"}));
  CHECK(schema["$defs"]["filters"]["properties"].contains("timeout"));
  CHECK(schema["$defs"]["filters"]["additionalProperties"] == false);
  CHECK(schema["properties"]["limits"]["properties"]["buffer"]["default"] == "64KiB");
  CHECK(schema_text({}).ends_with("}\n"));
}
