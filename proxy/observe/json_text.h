// Text of any bytes as the inside of a JSON string. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace woad {

// Appends `text` as the inside of a JSON string, without control characters. Bytes that are not
// UTF-8 become U+FFFD. Allocates only when `out` has to grow.
void append_json_text(std::string& out, std::string_view text);

// Appends `text` as a JSON string. Of a longer text the first `limit` bytes are taken, and "...".
void append_json_string(std::string& out, std::string_view text, size_t limit);

// The longest part of at most `limit` bytes that does not end inside a UTF-8 character.
std::string_view cut_text(std::string_view text, size_t limit);

}  // namespace woad
