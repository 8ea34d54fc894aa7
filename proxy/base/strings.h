// Small helpers on text, all on views and without allocation unless a std::string is returned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace woad {

// ASCII only; bytes above 0x7f are left alone. Never depends on the locale.
inline char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
inline bool is_letter(char c) { return is_lower(to_lower(c)); }
inline bool is_alnum(char c) { return is_letter(c) || is_digit(c); }
// Texts of one size, ASCII letters of either case being the same.
bool same_letters(std::string_view a, std::string_view b);
inline bool equals_ignore_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_letters(a, b);
}
inline bool starts_with_ignore_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && same_letters(text.substr(0, prefix.size()), prefix);
}
std::string lower(std::string_view text);

// Without leading and trailing SP and HT (OWS of RFC 9110 section 5.6.3).
std::string_view trim(std::string_view text);

// What stands before the first line end.
inline std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

// An absolute name without its final dot, which says only that it is absolute (RFC 1034 section
// 3.1); any other text as it is. One dot alone stays.
std::string_view without_final_dot(std::string_view name);

// Calls `visit(item)` for each comma-separated item, trimmed; empty items are skipped
// (RFC 9110 section 5.6.1). Stops when `visit` returns false.
template <class F>
void for_each_list_item(std::string_view list, F&& visit) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view item = trim(list.substr(0, comma));
    if (!item.empty() && !visit(item)) return;
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

// One item of such a list is `token`, in any case.
bool lists_token(std::string_view list, std::string_view token);

// 1 to 253 letters of ASCII, digits, '-', '.' and '_': as services and instances are called.
bool is_plain_name(std::string_view text);

// 0 to 15 in either case; -1 for anything else.
int hex_digit(char c);
// Two lower-case digits for each byte.
std::string hex_of_bytes(std::string_view bytes);

// Takes the first character off `text`, which is not empty: "%20" is a space; '+' is one too when
// asked, as in forms. What is no escape stays as it is. `mark`: what stands for '%'.
char take_percent_decoded(std::string_view& text, bool plus_is_space, char mark = '%');
// The same for all of it.
std::string percent_decoded(std::string_view text, bool plus_is_space, char mark = '%');
// As a segment of a path or a value of a query: all but RFC 3986's unreserved characters (section
// 2.3) is escaped.
std::string percent_encoded(std::string_view text);

// Whole `text` as decimal digits without sign; nothing on overflow, emptiness or any other byte.
std::optional<uint64_t> parse_decimal(std::string_view text);

// Writes the decimal digits of `value` to `out` (at least 20 bytes); returns their count.
size_t write_decimal(char* out, uint64_t value);

}  // namespace woad
