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

// The same by steps, for what must be on the disk when a call returns, and not only in its cache.
// Writes the file, in place if it is there.
Result<void> write_durably(const std::string& path, std::string_view text, mode_t mode);
// Within one folder: whoever looks sees the one file or the other, after a power cut too.
Result<void> rename_durably(const std::string& from, const std::string& to);
// A file that is not there is none to remove.
Result<void> remove_durably(const std::string& path);

}  // namespace woad
