// Diagnostics of one file as people read them. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostics.h"

namespace woad::config {

// As Diagnostics::text(), in the order of `found`. `source`: the text of the file; nullptr: no
// lines are shown.
std::string text_of(const std::string& file, const std::string* source,
                    const std::vector<Diagnostic>& found);

}  // namespace woad::config
