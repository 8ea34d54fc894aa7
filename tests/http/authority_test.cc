#include "proxy/http/authority.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

TEST_CASE("authorities that are valid, and others") {
  const std::string longest(255, 'a');
  for (const std::string& good :
       {std::string("h"), std::string("a.b"), std::string("a.b."), std::string("a.b.:80"),
        std::string("a-b_c~d"), std::string("10.0.0.1"), std::string("h:0"), std::string("h:65535"),
        std::string("h:"), std::string("[::1]"), std::string("[::1]:"),
        std::string("[::ffff:1.2.3.4]:443"), std::string("H"), longest, longest + ":80"}) {
    CAPTURE(good);
    CHECK(is_valid_authority(good));
  }
  for (const char* bad :
       {"", ":80", "h:65536", "h:123456", "h:x", "h:+1", "u@h", "h/", "a b", "a,b", "h\t", "[::1",
        "[]", "[]:80", "[::1]x", "[::1]x:80", "[::1]:x", "[1.2.3.4]", "[::1%25eth0]", "h?x", "h#x",
        "h\\x", "\xc3\xa9", "h%41", "a:b:c", "::1", "[::1].",
        // empty labels
        ".", "..", ".:80", ".internal", ".internal:80", "admin..shop", "admin...shop", "shop..",
        "shop..:80", "..shop", "1..2.3"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_authority(bad));
  }
  CHECK_FALSE(is_valid_authority(longest + "a"));
}

TEST_CASE("authorities taken apart") {
  const struct {
    const char* text;
    const char* host;
    const char* port;
  } kCases[] = {{"shop", "shop", ""},
                {"shop:80", "shop", "80"},
                {"shop.:80", "shop.", "80"},
                {"shop:", "shop", ""},
                {"[::1]", "[::1]", ""},
                {"[::1]:80", "[::1]", "80"},
                {"[::1]x:80", "[::1]x", "80"},
                {"[::1", "", ""},
                {"", "", ""},
                {":80", "", "80"}};
  for (const auto& each : kCases) {
    CAPTURE(each.text);
    const Authority authority = split_authority(each.text);
    CHECK(authority.host == each.host);
    CHECK(authority.port == each.port);
  }
}

TEST_CASE("authorities that mean the same") {
  CHECK(same_authority("shop", "SHOP."));
  CHECK(same_authority("shop.:80", "shop:80"));
  CHECK(same_authority("[::A]:1", "[::a]:1"));
  CHECK_FALSE(same_authority("shop", "shop:80"));
  CHECK_FALSE(same_authority("shop", "shop..x"));
  CHECK_FALSE(same_authority("shop.a", "shop.b"));
}

TEST_CASE("authority: the port that is meant") {
  struct Case {
    std::string_view authority, scheme;
    int port;
  };
  const Case cases[] = {{"shop", "", 80},
                        {"shop", "http", 80},
                        {"shop", "https", 443},
                        {"shop:8080", "", 8080},
                        {"shop:8080", "https", 8080},
                        {"shop:", "https", 443},
                        {"[::1]", "", 80},
                        {"[::1]:65535", "", 65535},
                        {"shop:65536", "", 0},
                        {"shop:http", "", 0},
                        {"shop:0", "", 0}};
  for (const Case& each : cases) {
    CAPTURE(each.authority);
    CAPTURE(each.scheme);
    CHECK(port_of(each.authority, each.scheme) == each.port);
  }
}
