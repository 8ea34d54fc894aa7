// Files that others watch are replaced whole.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "proxy/base/result.h"

namespace woad {

// Writes a new file beside `path` and renames it, so that nobody sees half of it or, with a mode
// of 0600, reads it in between. Blocks. The error names the path.
Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode);

}  // namespace woad
