// Every tests/golden/config/*.yaml against what woad says about it: NAME.errors, or no such file
// for a good one. WOAD_UPDATE_GOLDEN=1 writes the files anew.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "config/load.h"

using namespace woad::config;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

Environment fixed_environment() {
  static const std::map<std::string, std::string> kVariables{
      {"NAME", "cart"}, {"EMPTY", ""}, {"COUNT", "3"}};
  return {[](const std::string& name) -> std::optional<std::string> {
            const auto found = kVariables.find(name);
            return found == kVariables.end() ? std::nullopt : std::optional(found->second);
          },
          "host-1"};
}

}  // namespace

TEST_CASE("golden files") {
  const fs::path folder = fs::path(WOAD_SOURCE_DIR) / "tests/golden/config";
  const bool update = std::getenv("WOAD_UPDATE_GOLDEN") != nullptr;
  int count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    const fs::path errors = fs::path(entry.path()).replace_extension(".errors");
    const auto result =
        load_text(read(entry.path()), entry.path().filename().string(), fixed_environment());
    const std::string text = result.diagnostics.text();
    if (update && !text.empty()) std::ofstream(errors, std::ios::binary) << text;
    if (update && text.empty()) fs::remove(errors);
    INFO(entry.path().filename().string());
    CHECK(text == read(errors));
    CHECK(result.ok() == (text.find(": error: ") == std::string::npos));
  }
  CHECK(count >= 30);
}
