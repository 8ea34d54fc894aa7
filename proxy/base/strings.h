// Small helpers on text, all on views and without allocation unless a std::string is returned or
// grows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
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

// Of containers of texts that are asked by views, with std::equal_to<>.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

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

// Calls `visit(key, value)` for each pair of a query, both as they stand there; "" is the value of
// a key without '=', and empty pairs are skipped. Stops when `visit` returns false.
template <class F>
void for_each_query_pair(std::string_view query, F&& visit) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::string_view key = pair.substr(0, pair.find('='));
    const std::string_view value = pair.substr(std::min(key.size() + 1, pair.size()));
    if (!pair.empty() && !visit(key, value)) return;
  }
}

// 1 to 253 letters of ASCII, digits, '-', '.' and '_': as services and instances are called.
bool is_plain_name(std::string_view text);

// Bytes of the UTF-8 sequence at the front of `rest`, which is not empty (RFC 3629: shortest form,
// no surrogates); 0 when there is none.
size_t utf8_length(std::string_view rest);

// 0 to 15 in either case; -1 for anything else.
int hex_digit(char c);
// Two lower-case digits for each byte.
std::string hex_of_bytes(std::string_view bytes);

// Takes the first character off `text`, which is not empty: "%20" is a space; '+' is one too when
// asked, as in forms. What is no escape stays as it is. `mark`: what stands for '%'.
char take_percent_decoded(std::string_view& text, bool plus_is_space, char mark = '%');
// The same for all of it.
std::string percent_decoded(std::string_view text, bool plus_is_space, char mark = '%');
// All is escaped but what `stays`.
std::string percent_encoded(std::string_view text, bool (*stays)(char));
// As a segment of a path or a value of a query: RFC 3986's unreserved characters (section 2.3)
// stay.
std::string percent_encoded(std::string_view text);

// Whole `text` as decimal digits without sign; nothing on overflow, emptiness or any other byte.
std::optional<uint64_t> parse_decimal(std::string_view text);

// Writes the decimal digits of `value` to `out` (at least 20 bytes); returns their count.
size_t write_decimal(char* out, uint64_t value);
// Appends them, with zeros in front up to `width` digits.
void append_decimal(std::string& out, uint64_t value, size_t width = 1);

}  // namespace woad
