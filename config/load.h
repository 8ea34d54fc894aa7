// From a file to a Config: the one way in for boot, reload and `woad validate`.
//
// Runs on any thread but never on a loop that serves.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/document.h"
#include "config/types.h"

namespace woad::config {

struct LoadResult {
  // nullptr when the text is not readable at all. With errors in `diagnostics` it is still there,
  // so that the next layer can add its own; then it must not run.
  std::shared_ptr<const Config> config;
  // The next layer (filters, regexes) adds its errors here.
  Diagnostics diagnostics;
  // Somebody was writing the file while it was read (base/whole_file.h), when false.
  bool whole = true;

  bool ok() const { return config != nullptr && diagnostics.ok(); }
};

// `file_name` is for messages.
LoadResult load_text(std::string text, const std::string& file_name,
                     const Environment& environment);
// A file that cannot be read is an error of the result.
LoadResult load_file(const std::string& path, const Environment& environment);

// xxh3-128, hexadecimal.
std::string content_hash(const std::string& text);

}  // namespace woad::config
