// Any number of texts, one after the other, each read from what the one before gave: the same
// configuration, or the same errors, as of the text alone. The byte 0xff, which no file may hold,
// ends a text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/load.h"
#include "tests/config/show_config.h"

using namespace woad::config;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto environment = Environment::none();
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    return name == "A" ? std::optional<std::string>("a") : std::nullopt;
  };
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::shared_ptr<const Config> running;
  while (!rest.empty()) {
    const std::string text(rest.substr(0, rest.find('\xff')));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    const LoadResult whole = load_text(text, "fuzz.yaml", environment);
    const LoadResult changes = load_text(text, "fuzz.yaml", environment, running.get());
    if (whole.diagnostics.text() != changes.diagnostics.text()) __builtin_trap();
    if (!whole.ok()) continue;
    if (show_config(*whole.config) != show_config(*changes.config)) __builtin_trap();
    running = changes.config;
    running->document->clear();
  }
  return 0;
}
