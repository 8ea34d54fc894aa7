#include "proxy/match/query.h"

#include <doctest/doctest.h>

using namespace woad;

TEST_CASE("query: the first value of a key, and how often the key comes") {
  using namespace std::string_view_literals;
  const struct {
    std::string_view query;
    std::string_view key;
    std::optional<std::string_view> value;
    size_t count;
  } kCases[] = {
      {"role=x", "role", "x", 1},
      {"role=x&role=y", "role", "x", 2},
      {"%72ole=x&role=y", "role", "x", 2},
      {"r%6Fle=x&%72%6f%6c%65", "role", "x", 2},
      {"role", "role", "", 1},
      {"role=", "role", "", 1},
      {"role&role", "role", "", 2},
      {"a=role&b=role=", "role", std::nullopt, 0},
      {"ROLE=x", "role", std::nullopt, 0},
      {"roles=x&rol=y", "role", std::nullopt, 0},
      {"role%00=x", "role", std::nullopt, 0},
      {"role%3dx", "role", std::nullopt, 0},
      {"%2572ole=x", "role", std::nullopt, 0},
      {"ro+le=x&ro%20le=y", "ro le", "x", 2},
      {"r%C3%B4le=%c3%b4", "r\xc3\xb4le", "\xc3\xb4", 1},
      {"role=a%26role%3Db", "role", "a&role=b", 1},
      {"role=%zz%4", "role", "%zz%4", 1},
      {"%7role=x", "%7role", "x", 1},
      {"=x&=y", "", "x", 2},
      {"&&", "", std::nullopt, 0},
      {"", "", std::nullopt, 0},
      {"", "role", std::nullopt, 0},
      {"role=a%00b", "role", "a\0b"sv, 1},
  };
  ArenaPool pool;
  Arena arena(pool);
  for (const auto& each : kCases) {
    CAPTURE(each.query);
    CAPTURE(each.key);
    CHECK(query_value(each.query, each.key, arena) == each.value);
    CHECK(count_query_key(each.query, each.key) == each.count);
  }
}

TEST_CASE("query: a value without an escape is not copied") {
  ArenaPool pool;
  Arena arena(pool);
  const std::string_view query = "a=1&role=admin";
  CHECK(query_value(query, "role", arena)->data() == query.data() + 9);
}
