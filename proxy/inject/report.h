// What there is to say of a document: errors, for which nothing is changed, and warnings.
#pragma once

#include <string>
#include <vector>

#include "proxy/yaml/value.h"

namespace woad {

using yaml::Value;
using Pointer = Value::json_pointer;

struct Finding {
  // Whose place is shown: that of a value, or of its key.
  enum class At : uint8_t { kValue, kKey };

  Pointer path;
  std::string message;  // a sentence without a final dot; the path goes in front of it
  std::string hint{};   // what to write
  At at = At::kValue;
};

// `metadata.annotations["woad.dev/config"]: …; …`
inline std::string sentence(const Finding& finding) {
  const std::string path = yaml::path_words(finding.path);
  return path + (path.empty() ? "" : ": ") + finding.message +
         (finding.hint.empty() ? "" : "; " + finding.hint);
}

struct Report {
  std::vector<Finding> errors;
  std::vector<Finding> warnings;
};

}  // namespace woad
