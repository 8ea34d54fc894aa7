#include "proxy/base/strings.h"

#include <doctest/doctest.h>

#include <vector>

namespace woad {
namespace {

TEST_CASE("case") {
  CHECK(lower("AbC-09_\xC3\x89") == "abc-09_\xC3\x89");
  CHECK(equals_ignore_case("Content-Length", "content-lENGTH"));
  CHECK(equals_ignore_case("", ""));
  CHECK(!equals_ignore_case("a", "ab"));
  // Only letters fold: '@' and '`', '[' and '{' stay different.
  CHECK(!equals_ignore_case("@[", "`{"));
}

// Eight bytes are compared at once, so each byte value meets each other at each place of each
// length.
TEST_CASE("case: every pair of bytes at every place") {
  for (size_t size = 1; size <= 19; ++size) {
    for (size_t at = 0; at < size; ++at) {
      std::string a(size, 'q');
      std::string b(size, 'Q');
      int wrong = 0;
      for (int i = 0; i < 256; ++i) {
        for (int j = 0; j < 256; ++j) {
          a[at] = static_cast<char>(i);
          b[at] = static_cast<char>(j);
          if (equals_ignore_case(a, b) != (to_lower(a[at]) == to_lower(b[at]))) ++wrong;
        }
      }
      CAPTURE(size);
      CAPTURE(at);
      REQUIRE(wrong == 0);
    }
  }
}

TEST_CASE("the final dot of an absolute name") {
  CHECK(without_final_dot("a.b.") == "a.b");
  CHECK(without_final_dot("a.b") == "a.b");
  CHECK(without_final_dot("a..") == "a.");
  CHECK(without_final_dot(".") == ".");
  CHECK(without_final_dot("").empty());
}

TEST_CASE("trim takes spaces and tabs, nothing else") {
  CHECK(trim(" \t a b \t") == "a b");
  CHECK(trim(" \t ").empty());
  CHECK(trim("").empty());
  CHECK(trim("\r\na\n") == "\r\na\n");
}

TEST_CASE("plain names") {
  for (const char* name : {"a", "Price_2", "price.shop", "-", "9", ".a"}) {
    CAPTURE(name);
    CHECK(is_plain_name(name));
  }
  for (const char* name : {"", " ", "a b", "a/b", "a\tb", "\xc3\xbc", "a:1", "a%20", "*"}) {
    CAPTURE(name);
    CHECK_FALSE(is_plain_name(name));
  }
  CHECK(is_plain_name(std::string(253, 'a')));
  CHECK_FALSE(is_plain_name(std::string(254, 'a')));
}

TEST_CASE("percent-decoding") {
  const struct {
    const char* text;
    bool plus;
    const char* want;
  } cases[] = {
      {"", true, ""},           {"abc", true, "abc"},   {"a+b", true, "a b"}, {"a+b", false, "a+b"},
      {"%20", true, " "},       {"%2B", true, "+"},     {"%2b", true, "+"},   {"%", true, "%"},
      {"%2", true, "%2"},       {"%zz", true, "%zz"},   {"%2g", true, "%2g"}, {"%%20", true, "% "},
      {"%e2%82%ac", true, "€"}, {"%3d%26", true, "=&"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(percent_decoded(c.text, c.plus) == c.want);
  }
}

TEST_CASE("lists") {
  const auto items = [](std::string_view list) {
    std::vector<std::string> found;
    for_each_list_item(list, [&](std::string_view item) {
      found.emplace_back(item);
      return item != "stop";
    });
    return found;
  };
  CHECK(items("a, b ,\tc") == std::vector<std::string>{"a", "b", "c"});
  CHECK(items(",, a,,") == std::vector<std::string>{"a"});
  CHECK(items("a, stop, b") == std::vector<std::string>{"a", "stop"});
  CHECK(items("").empty());
  CHECK(items(" , ").empty());
}

TEST_CASE("decimals") {
  CHECK(parse_decimal("0") == 0);
  CHECK(parse_decimal("007") == 7);
  CHECK(parse_decimal("18446744073709551615") == UINT64_MAX);
  for (const char* bad :
       {"", "18446744073709551616", "+1", "-1", " 1", "1 ", "0x1", "1.0", "1e3", "a"}) {
    CAPTURE(bad);
    CHECK(!parse_decimal(bad));
  }
  char digits[20];
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{9}, uint64_t{10}, uint64_t{1234}, UINT64_MAX}) {
    CHECK(std::string(digits, write_decimal(digits, value)) == std::to_string(value));
  }
  std::string text = "x";
  append_decimal(text, 0);
  append_decimal(text, 7, 3);
  append_decimal(text, 1234, 3);
  CHECK(text == "x00071234");
}

}  // namespace
}  // namespace woad
