// Which bytes may stand where in a message, the same for every protocol version. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace woad {

enum ByteClass : uint8_t {
  kInToken = 1,       // RFC 9110 section 5.6.2
  kInLowerToken = 2,  // the same without capitals: names in HTTP/2 (RFC 9113 section 8.2.1)
  kInPath = 4,        // printable ASCII without '#'
  kInVisible = 8,     // neither a control byte nor a space; those above 0x7f are opaque
  kInAuthority = 16,  // RFC 3986 section 3.2
  kInScheme = 32,     // RFC 3986 section 3.1, behind the first letter
  kInHost = 64,       // names as they are used: of RFC 3986's unreserved characters
};

constexpr std::array<uint8_t, 256> make_byte_classes() {
  std::array<uint8_t, 256> table{};
  const auto add = [&table](std::string_view bytes, int classes) {
    for (const char c : bytes) {
      table[static_cast<uint8_t>(c)] =
          static_cast<uint8_t>(table[static_cast<uint8_t>(c)] | classes);
    }
  };
  constexpr int kInWords = kInToken | kInAuthority | kInScheme | kInHost;
  add("abcdefghijklmnopqrstuvwxyz0123456789", kInWords | kInLowerToken);
  add("ABCDEFGHIJKLMNOPQRSTUVWXYZ", kInWords);
  add("!#$%&'*+-.^_`|~", kInToken | kInLowerToken);
  add("-._~!$&'()*+,;=:@[]%", kInAuthority);
  add("+-.", kInScheme);
  add("-._~", kInHost);
  for (size_t c = 0x21; c < table.size(); ++c) {
    if (c != 0x7f) table[c] |= kInVisible;
    if (c < 0x7f && c != '#') table[c] |= kInPath;
  }
  return table;
}
inline constexpr std::array<uint8_t, 256> kByteClasses = make_byte_classes();

inline bool is_in(char c, ByteClass wanted) {
  return (kByteClasses[static_cast<uint8_t>(c)] & wanted) != 0;
}

// True for an empty text too.
inline bool all_in(std::string_view text, ByteClass wanted) {
  uint8_t common = wanted;
  for (const char c : text) common &= kByteClasses[static_cast<uint8_t>(c)];
  return common != 0;
}

// The length of what `text` starts with that may stand in a field's value or a reason phrase: no
// control bytes but tabs (RFC 9110 section 5.5). Bytes above 0x7f are opaque and pass.
size_t text_span(std::string_view text);
// All of it may; quicker for one that is short.
bool is_text(std::string_view text);

}  // namespace woad
