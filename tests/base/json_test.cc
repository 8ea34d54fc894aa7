#include "proxy/base/json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace woad {
namespace {

TEST_CASE("JSON of bytes that are no UTF-8 is text all the same") {
  CHECK(json_line(nlohmann::json{{"b", "gr\xc3\xbc\xc3\x9f"}, {"a", "x\xff\n"}}) ==
        "{\"a\":\"x\xef\xbf\xbd\\n\",\"b\":\"gr\xc3\xbc\xc3\x9f\"}");
  CHECK(json_line(nlohmann::ordered_json{{"b", 1}, {"a", "\xc3"}}) ==
        "{\"b\":1,\"a\":\"\xef\xbf\xbd\"}");
  CHECK(json_page(nlohmann::ordered_json{{"b", {1}}, {"a", "\xff"}}) ==
        "{\n  \"b\": [\n    1\n  ],\n  \"a\": \"\xef\xbf\xbd\"\n}\n");
}

TEST_CASE("what is no JSON is discarded") {
  for (const char* text : {"", "{", "{\"a\":1,}", "nul", "\"\xff\"", "{} x"}) {
    CAPTURE(text);
    CHECK(parse_json(text).is_discarded());
    CHECK(parse_ordered_json(text).is_discarded());
  }
  CHECK(parse_json(" {\"b\":1,\"a\":[2]} ")["a"][0] == 2);
  CHECK(parse_ordered_json("{\"b\":1,\"a\":2}").begin().key() == "b");
}

}  // namespace
}  // namespace woad
