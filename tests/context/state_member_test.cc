#include "proxy/context/state_member.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

TEST_CASE("parts are read, unknown ones pass, wrong ones are absent") {
  ArenaPool pool;
  Arena arena(pool);
  const std::string too_long(64, 'a');
  const struct {
    std::string value;
    const char* color;
    const char* tenant;
    bool bad;
  } kCases[] = {
      {"c:red;t:acme", "red", "acme", false},
      {"t:acme;c:red", "red", "acme", false},
      {"c:red.alice", "red.alice", "", false},
      {"t:acme", "", "acme", false},
      {"c:RED", "red", "", false},
      {"c:base;t:acme", "", "acme", false},
      {"v2:x y;c:red;q:", "red", "", false},
      {"x:1", "", "", false},
      {"c:red;c:red", "red", "", false},
      {"c:red;c:blue;t:acme", "", "acme", true},
      {"c:red;t:ac me", "red", "", true},
      {"c:;t:acme", "", "acme", true},
      {"c:" + too_long, "", "", true},
      {"c:red:x", "", "", true},
      {"", "", "", true},
      {"red", "", "", true},
      {"c:red;", "", "", true},
      {";c:red", "", "", true},
      {"c:red;;t:acme", "", "", true},
      {"c:red;junk", "", "", true},
      {":red", "", "", true},
      {"c:red; t:acme", "", "", true},
      {"C:red", "", "", true},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.value);
    const StateMember member = parse_state_member(test.value, arena);
    CHECK(member.values.color == test.color);
    CHECK(member.values.tenant == test.tenant);
    CHECK(member.bad == test.bad);
  }
}

TEST_CASE("what is written is read back") {
  ArenaPool pool;
  Arena arena(pool);
  CHECK(write_state_member({"red", "acme"}, arena) == "c:red;t:acme");
  CHECK(write_state_member({"red", ""}, arena) == "c:red");
  CHECK(write_state_member({"", "acme"}, arena) == "t:acme");
  CHECK(write_state_member({"", ""}, arena).empty());
  const ContextValues values{"red.alice", "acme-2"};
  CHECK(parse_state_member(write_state_member(values, arena), arena).values == values);
}
