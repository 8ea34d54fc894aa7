// How a text is written in a file: so that every reader of YAML takes it for that text. Pure.
#pragma once

#include <string>
#include <string_view>

namespace woad::control {

// In double quotes, which are the same in JSON.
std::string in_quotes(std::string_view text);
// Without quotes where `text` stood without them and may.
std::string as_written(std::string_view text, bool plain);
// A key: without quotes where it may.
std::string as_key(std::string_view text);

}  // namespace woad::control
