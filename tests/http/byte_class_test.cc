#include "proxy/http/byte_class.h"

#include <doctest/doctest.h>

#include <string>

namespace woad {
namespace {

// RFC 9110 section 5.5, byte by byte.
size_t plain_span(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const auto c = static_cast<uint8_t>(text[at]);
    if ((c < 0x20 && c != '\t') || c == 0x7f) break;
    ++at;
  }
  return at;
}

TEST_CASE("text: any two bytes at any two places are judged as one by one") {
  const char kinds[] = {'a', ' ', '\t', '\r', '\n', '\0', '\x1f', '\x7f', '\x80', '\xff', '\x9f'};
  for (size_t size = 0; size <= 26; ++size) {
    for (size_t one = 0; one < size; ++one) {
      for (size_t other = one; other < size; ++other) {
        int wrong = 0;
        for (const char first : kinds) {
          for (const char second : kinds) {
            std::string text(size, '~');
            text[one] = first;
            text[other] = second;
            if (text_span(text) != plain_span(text)) ++wrong;
            if (is_text(text) != (plain_span(text) == size)) ++wrong;
          }
        }
        CAPTURE(size);
        CAPTURE(one);
        CAPTURE(other);
        REQUIRE(wrong == 0);
      }
    }
  }
}

TEST_CASE("text: every byte value within and behind a word") {
  for (const size_t at : {size_t{0}, size_t{3}, size_t{7}, size_t{8}, size_t{17}}) {
    for (int c = 0; c < 256; ++c) {
      std::string text(18, 'x');
      text[at] = static_cast<char>(c);
      CAPTURE(at);
      CAPTURE(c);
      REQUIRE(text_span(text) == plain_span(text));
      REQUIRE(is_text(text) == (plain_span(text) == text.size()));
    }
  }
}

TEST_CASE("which bytes a class holds") {
  constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const struct {
    ByteClass wanted;
    std::string bytes;  // all of them below 0x80
    bool opaque;        // those above
  } rows[] = {
      {kInToken, std::string(kLower) + std::string(kUpper) + "!#$%&'*+-.^_`|~", false},
      {kInLowerToken, std::string(kLower) + "!#$%&'*+-.^_`|~", false},
      {kInPath, std::string(kLower) + std::string(kUpper) + "!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
       false},
      {kInVisible, std::string(kLower) + std::string(kUpper) + "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
       true},
      {kInAuthority, std::string(kLower) + std::string(kUpper) + "-._~!$&'()*+,;=:@[]%", false},
      {kInScheme, std::string(kLower) + std::string(kUpper) + "+-.", false},
      {kInHost, std::string(kLower) + std::string(kUpper) + "-._~", false},
  };
  for (const auto& row : rows) {
    for (int c = 0; c < 256; ++c) {
      const char byte = static_cast<char>(c);
      CAPTURE(static_cast<int>(row.wanted));
      CAPTURE(c);
      const bool in = c < 0x80 ? row.bytes.find(byte) != std::string::npos : row.opaque;
      REQUIRE(is_in(byte, row.wanted) == in);
      REQUIRE(all_in({&byte, 1}, row.wanted) == in);
    }
    CHECK(all_in("", row.wanted));
    CHECK(all_in("a9", row.wanted));
    CHECK_FALSE(all_in("a b", row.wanted));
    CHECK_FALSE(all_in(" ab", row.wanted));
  }
}

}  // namespace
}  // namespace woad
