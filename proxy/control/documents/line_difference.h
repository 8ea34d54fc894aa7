// What lines of a text another one has changed. Pure.
#pragma once

#include <string>
#include <string_view>

namespace woad::control {

// In the unified format of diff (three lines around each change); "" when they are the same.
// Texts of which thousands of lines differ count as changed from the first to the last such line.
std::string line_difference(std::string_view before, std::string_view after);

}  // namespace woad::control
