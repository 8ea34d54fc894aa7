#include "proxy/base/base64.h"

#include <doctest/doctest.h>

TEST_CASE("the examples of RFC 4648 section 10, and bytes of every kind") {
  struct Case {
    std::string_view bytes;
    const char* text;
  };
  const Case cases[] = {{"", ""},
                        {"f", "Zg=="},
                        {"fo", "Zm8="},
                        {"foo", "Zm9v"},
                        {"foob", "Zm9vYg=="},
                        {"fooba", "Zm9vYmE="},
                        {"foobar", "Zm9vYmFy"},
                        {"\xff\xfe\xfb", "//77"}};
  for (const Case& c : cases) {
    CHECK(woad::base64(c.bytes) == c.text);
    CHECK(woad::from_base64(c.text) == c.bytes);
  }
}

TEST_CASE("what is no Base64 is refused") {
  for (const char* text : {"A", "AA", "AAA", "A===", "====", "AA=A",
                           "A A=", "AA==AA==", "AB==", "AAB=", "AA-_", "AAAA\n"}) {
    CAPTURE(text);
    CHECK(!woad::from_base64(text));
  }
}
