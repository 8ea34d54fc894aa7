#include "proxy/observe/json_text.h"

#include <array>

#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Bytes that stand for themselves inside a JSON string.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

void append_code(std::string& out, unsigned code) {
  const char text[] = {'\\', 'u', '0', '0', kHex[code >> 4 & 15], kHex[code & 15]};
  out.append(text, sizeof text);
}

// Appends what stands for the first byte, or the first character, of `text`; returns its length.
size_t append_special(std::string& out, std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first == '"' || first == '\\') {
    out += '\\';
    out += text[0];
    return 1;
  }
  if (first < 0x80) {
    append_code(out, first);
    return 1;
  }
  const size_t length = utf8_length(text);
  if (length == 0) {
    out += "\\ufffd";
    return 1;
  }
  // C1 controls (U+0080 to U+009F) drive terminals as escape sequences do.
  if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) {
    append_code(out, static_cast<unsigned char>(text[1]));
  } else {
    out.append(text.substr(0, length));
  }
  return length;
}

}  // namespace

std::string_view cut_text(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

void append_json_text(std::string& out, std::string_view text) {
  size_t run = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (kPlain[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    out.append(text.substr(run, at - run));
    at += append_special(out, text.substr(at));
    run = at;
  }
  out.append(text.substr(run));
}

void append_json_string(std::string& out, std::string_view text, size_t limit) {
  out += '"';
  append_json_text(out, cut_text(text, limit));
  if (text.size() > limit) out += "...";
  out += '"';
}

}  // namespace woad
