// Any bytes as a configuration file: no crash, no hang, and errors that can be shown.
#include <cstddef>
#include <cstdint>
#include <string>

#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto environment = woad::config::Environment::none();
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "A") return "a";
    return std::nullopt;
  };
  const auto result = woad::config::load_text(
      std::string(reinterpret_cast<const char*>(data), size), "fuzz.yaml", environment);
  if (result.ok() == (result.diagnostics.text().size() > 0)) __builtin_trap();
  if (!result.ok() && result.diagnostics.json().size() < 10) __builtin_trap();
  return 0;
}
