#include "proxy/observe/json_text.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_json_text(out, text);
  return out;
}

TEST_CASE("escaping") {
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  const Row rows[] = {
      {"", ""},
      {"plain /path?x=1", "plain /path?x=1"},
      {"\"\\", "\\\"\\\\"},
      {"a\r\nb\tc", "a\\u000d\\u000ab\\u0009c"},
      {std::string_view("\0", 1), "\\u0000"},
      {"\x1b[31m\x7f", "\\u001b[31m\\u007f"},
      {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8e\xa8",
       "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8e\xa8"},
      {"\xc2\x9b", "\\u009b"},                               // C1: the terminal's CSI
      {"\xff", "\\ufffd"},                                   // never valid
      {"\xc0\xaf", "\\ufffd\\ufffd"},                        // overlong
      {"\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd"},             // overlong
      {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},             // surrogate
      {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},  // above U+10FFFF
      {"\xe2\x82", "\\ufffd\\ufffd"},                        // cut short
      {"\xe2x", "\\ufffdx"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    CHECK(escaped(row.text) == row.expected);
  }
}

TEST_CASE("strings are quoted, and show that they were cut") {
  const auto in_quotes = [](std::string_view text, size_t limit) {
    std::string out = "x";
    append_json_string(out, text, limit);
    return out;
  };
  CHECK(in_quotes("", 0) == "x\"\"");
  CHECK(in_quotes("a\"b", 3) == "x\"a\\\"b\"");
  CHECK(in_quotes("abcd", 3) == "x\"abc...\"");
  CHECK(in_quotes("ab\xc3\xbc", 3) == "x\"ab...\"");
}

TEST_CASE("texts are cut between characters") {
  struct Row {
    std::string_view text;
    size_t limit;
    std::string_view expected;
  };
  const Row rows[] = {
      {"", 0, ""},
      {"abc", 3, "abc"},
      {"abc", 2, "ab"},
      {"abc", 0, ""},
      {"a\xc3\xbc", 2, "a"},
      {"a\xc3\xbc", 3, "a\xc3\xbc"},
      {"\xf0\x9f\x8e\xa8", 3, ""},
      {"\x80\x80\x80", 2, ""},  // no character begins here
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CAPTURE(row.limit);
    CHECK(cut_text(row.text, row.limit) == row.expected);
  }
}

}  // namespace
}  // namespace woad
