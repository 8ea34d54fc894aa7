// A whole file of Kubernetes documents, YAML or JSON, injected. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "proxy/inject/settings.h"

namespace woad {

// What is done to each document.
enum class Injection : uint8_t { kPut, kRemove };

struct InjectedFile {
  // The file with its changes, all else byte for byte; of no use when there are errors.
  std::string text;
  // One a line or more, with their places: `file:line:column: warning: …`; "" when there are none.
  std::string errors;
  std::string warnings;
};

// `name` is that of the file, for sentences.
InjectedFile inject_file(const std::string& name, std::string_view text,
                         const InjectSettings& settings, Injection what);

}  // namespace woad
