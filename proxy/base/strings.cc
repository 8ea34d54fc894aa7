#include "proxy/base/strings.h"

#include <algorithm>
#include <charconv>

#include "proxy/base/word.h"

namespace woad {
namespace {

// Eight ASCII letters at a time: bit 7 of a byte tells whether it is in A-Z, and becomes bit 5.
uint64_t lower_word(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  const uint64_t seven = word & (kOnes * 0x7f);
  const uint64_t from_a = seven + kOnes * (0x80 - 'A');
  const uint64_t behind_z = seven + kOnes * (0x80 - 'Z' - 1);
  return word | ((from_a & ~behind_z & ~word & (kOnes * 0x80)) >> 2);
}

// Most that are equal are so to the letter.
bool same_word(uint64_t a, uint64_t b) { return a == b || lower_word(a) == lower_word(b); }

}  // namespace

bool same_letters(std::string_view a, std::string_view b) {
  const size_t size = a.size();
  if (size < sizeof(uint64_t)) return same_word(load_short(a), load_short(b));
  const size_t last = size - sizeof(uint64_t);
  for (size_t at = 0; at < last; at += sizeof(uint64_t)) {
    if (!same_word(load<uint64_t>(a.data() + at), load<uint64_t>(b.data() + at))) return false;
  }
  return same_word(load<uint64_t>(a.data() + last), load<uint64_t>(b.data() + last));
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = to_lower(c);
  return result;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view without_final_dot(std::string_view name) {
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  return name;
}

bool lists_token(std::string_view list, std::string_view token) {
  bool found = false;
  for_each_list_item(list, [&](std::string_view item) {
    found = equals_ignore_case(item, token);
    return !found;
  });
  return found;
}

bool is_plain_name(std::string_view text) {
  constexpr size_t kLongest = 253;  // of a name of DNS, RFC 1035 section 2.3.4
  const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; };
  return !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), fits);
}

size_t utf8_length(std::string_view rest) {
  const auto within = [rest](size_t at, unsigned low, unsigned high) {
    const unsigned byte = at < rest.size() ? static_cast<unsigned char>(rest[at]) : 0;
    return byte >= low && byte <= high;
  };
  const unsigned first = static_cast<unsigned char>(rest[0]);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return within(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return within(1, low, high) && within(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return within(1, low, high) && within(2, 0x80, 0xbf) && within(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string hex_of_bytes(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

char take_percent_decoded(std::string_view& text, bool plus_is_space, char mark) {
  const char first = text[0];
  const int high = first == mark && text.size() > 2 ? hex_digit(text[1]) : -1;
  const int low = high >= 0 ? hex_digit(text[2]) : -1;
  text.remove_prefix(low < 0 ? 1 : 3);
  if (low >= 0) return static_cast<char>(high * 16 + low);
  return first == '+' && plus_is_space ? ' ' : first;
}

std::string percent_decoded(std::string_view text, bool plus_is_space, char mark) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) out.push_back(take_percent_decoded(text, plus_is_space, mark));
  return out;
}

std::optional<uint64_t> parse_decimal(std::string_view text) {
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<uint8_t>(c - '0');
    if (digit > 9 || __builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, uint64_t{digit}, &value)) {
      return std::nullopt;
    }
  }
  return value;
}

size_t write_decimal(char* out, uint64_t value) {
  return static_cast<size_t>(std::to_chars(out, out + 20, value).ptr - out);
}

void append_decimal(std::string& out, uint64_t value, size_t width) {
  char digits[20];
  const size_t count = write_decimal(digits, value);
  for (size_t zeros = count; zeros < width; ++zeros) out += '0';
  out.append(digits, count);
}

std::string percent_encoded(std::string_view text, bool (*stays)(char)) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (stays(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  return percent_encoded(
      text, [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; });
}

}  // namespace woad
