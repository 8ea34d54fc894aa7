#include "proxy/observe/tracestate.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace woad {
namespace {

// "m0=0,m1=0,…" with `count` members.
std::string many(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += (i > 0 ? ",m" : "m") + std::to_string(i) + "=0";
  return text;
}

std::string repeat(size_t count, char c) { return std::string(count, c); }

// The members joined, as they would be written; "(dropped)".
std::string read(const std::vector<std::string>& fields, Tracestate& state, Arena& arena) {
  for (const std::string& field : fields) state.add(field);
  if (state.dropped()) {
    CHECK(state.size() == 0);
    return "(dropped)";
  }
  return std::string(state.without("nobody-has-this-key", arena));
}

TEST_CASE("tracestate: what is read") {
  struct Row {
    std::string_view what;
    std::vector<std::string> fields;
    std::string expected;
  };
  const Row rows[] = {
      {"none", {}, ""},
      {"an empty field", {""}, ""},
      {"blanks", {" \t "}, ""},
      {"one", {"foo=1"}, "foo=1"},
      {"order", {"foo=1,bar=2,baz=3"}, "foo=1,bar=2,baz=3"},
      {"blanks around members", {"foo=1 \t , \t bar=2, \t baz=3"}, "foo=1,bar=2,baz=3"},
      {"blanks at the ends", {" foo=1", "\tbar=2 ", "baz=3\t"}, "foo=1,bar=2,baz=3"},
      {"empty members", {"foo=1,", ",,bar=2,, ,"}, "foo=1,bar=2"},
      {"an empty field between", {"foo=1", "", "bar=2"}, "foo=1,bar=2"},
      {"fields in their order", {"foo=1,bar=2", "rojo=1,congo=2"}, "foo=1,bar=2,rojo=1,congo=2"},
      {"the same key twice", {"foo=1,foo=1"}, "(dropped)"},
      {"the same key, other values", {"foo=1,bar=2,foo=3"}, "(dropped)"},
      {"the same key in two fields", {"foo=1", "foo=2"}, "(dropped)"},
      {"bad in the first of two fields", {"Foo=1", "bar=2"}, "(dropped)"},
      {"every key character", {"a0_-*/z=1"}, "a0_-*/z=1"},
      {"upper case key", {"FOO=1"}, "(dropped)"},
      {"blank in a key", {"foo =1"}, "(dropped)"},
      {"dot in a key", {"foo.bar=1"}, "(dropped)"},
      {"empty key", {"=1"}, "(dropped)"},
      {"key begins with a digit", {"1a=1"}, "(dropped)"},
      {"key begins with a dash", {"-a=1"}, "(dropped)"},
      {"tenant", {"foo@bar=1"}, "foo@bar=1"},
      {"tenant may begin with a digit", {"0foo@bar=1"}, "0foo@bar=1"},
      {"system may not", {"foo@0bar=1"}, "(dropped)"},
      {"no tenant", {"@foo=1"}, "(dropped)"},
      {"no system", {"foo@=1"}, "(dropped)"},
      {"two at", {"foo@@bar=1"}, "(dropped)"},
      {"two at with system", {"foo@bar@baz=1"}, "(dropped)"},
      {"tenant is another key", {"bar=1,foo@bar=2"}, "bar=1,foo@bar=2"},
      {"longest key", {repeat(256, 'z') + "=1"}, repeat(256, 'z') + "=1"},
      {"key too long", {repeat(257, 'z') + "=1"}, "(dropped)"},
      {"longest tenant and system",
       {repeat(241, 't') + "@" + repeat(14, 'v') + "=1"},
       repeat(241, 't') + "@" + repeat(14, 'v') + "=1"},
      {"tenant too long", {repeat(242, 't') + "@v=1"}, "(dropped)"},
      {"system too long", {"t@" + repeat(15, 'v') + "=1"}, "(dropped)"},
      {"no equals sign", {"foo"}, "(dropped)"},
      {"two equals signs", {"foo=bar=baz"}, "(dropped)"},
      {"empty value", {"foo=,bar=3"}, "(dropped)"},
      {"value of blanks", {"foo=  ,bar=3"}, "(dropped)"},
      {"value begins with a blank", {"foo= 1"}, "foo= 1"},
      {"blank within a value", {"foo=a b"}, "foo=a b"},
      {"tab within a value", {"foo=a\tb"}, "(dropped)"},
      {"every value character",
       {"foo= !\"#$%&'()*+-./0:;<>?@AZ[\\]^_`az{|}~"},
       "foo= !\"#$%&'()*+-./0:;<>?@AZ[\\]^_`az{|}~"},
      {"DEL in a value", {"foo=\x7f"}, "(dropped)"},
      {"not ASCII", {"foo=\xc3\xbc"}, "(dropped)"},
      {"NUL", {"foo=" + repeat(1, '\0')}, "(dropped)"},
      {"longest value", {"foo=" + repeat(256, 'x')}, "foo=" + repeat(256, 'x')},
      {"value too long", {"foo=" + repeat(257, 'x')}, "(dropped)"},
      {"32 members", {many(32)}, many(32)},
      {"33 members", {many(33)}, "(dropped)"},
      {"33 members in two fields", {many(32), "one=more"}, "(dropped)"},
      {"32 members and empty ones", {many(32) + ",,", ""}, many(32)},
      {"512 bytes",
       {"a=" + repeat(256, 'x') + ",b=" + repeat(251, 'y')},
       "a=" + repeat(256, 'x') + ",b=" + repeat(251, 'y')},
      {"513 bytes", {"a=" + repeat(256, 'x') + ",b=" + repeat(252, 'y')}, "(dropped)"},
      {"513 bytes in two fields", {"a=" + repeat(256, 'x'), "b=" + repeat(252, 'y')}, "(dropped)"},
      {"512 bytes in two fields",
       {"a=" + repeat(256, 'x'), "b=" + repeat(251, 'y')},
       "a=" + repeat(256, 'x') + ",b=" + repeat(251, 'y')},
      {"513 bytes, most of them blanks", {"a=1" + repeat(510, ' ')}, "(dropped)"},
      {"8 KiB", {repeat(8192, ',')}, "(dropped)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    ArenaPool pool;
    Arena arena(pool);
    Tracestate state;
    CHECK(read(row.fields, state, arena) == row.expected);
  }
}

TEST_CASE("tracestate: nothing comes back after a drop") {
  Tracestate state;
  CHECK(state.add("foo=1"));
  CHECK_FALSE(state.add("bad"));
  CHECK_FALSE(state.add("bar=1"));
  CHECK(state.dropped());
  CHECK(state.size() == 0);
  CHECK_FALSE(state.find("foo"));
}

TEST_CASE("tracestate: our member") {
  struct Row {
    std::string_view what;
    std::string field;
    std::string value;    // planted
    std::string found;    // before
    std::string planted;  // "": refused
    std::string without;
  };
  const Row rows[] = {
      {"first of all", "", "c:red", "(none)", "woad=c:red", ""},
      {"in front", "foo=1,bar=2", "c:red", "(none)", "woad=c:red,foo=1,bar=2", "foo=1,bar=2"},
      {"replaced and moved to the front", "foo=1,woad=c:blue,bar=2", "c:red;t:acme", "c:blue",
       "woad=c:red;t:acme,foo=1,bar=2", "foo=1,bar=2"},
      {"ours alone", "woad=c:blue", "c:red", "c:blue", "woad=c:red", ""},
      {"foreign bytes stay", "foo= a b , t@s=~!,bar=\"x\"", "c:red", "(none)",
       "woad=c:red,foo= a b,t@s=~!,bar=\"x\"", "foo= a b,t@s=~!,bar=\"x\""},
      {"another tenant's is not ours", "x@woad=1", "c:red", "(none)", "woad=c:red,x@woad=1",
       "x@woad=1"},
      {"a longer key is not ours", "woad2=1", "c:red", "(none)", "woad=c:red,woad2=1", "woad2=1"},
      {"31 others", many(31), "c:red", "(none)", "woad=c:red," + many(31), many(31)},
      {"32 others", many(32), "c:red", "(none)", "", many(32)},
      {"31 others and ours", many(31) + ",woad=1", "c:red", "1", "woad=c:red," + many(31),
       many(31)},
      {"value that may not be", "foo=1", "a,b", "(none)", "", "foo=1"},
      {"empty value", "foo=1", "", "(none)", "", "foo=1"},
      {"value ends with a blank", "foo=1", "a ", "(none)", "", "foo=1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    ArenaPool pool;
    Arena arena(pool);
    Tracestate state;
    REQUIRE(state.add(row.field));
    CHECK(state.find(Tracestate::kOurKey).value_or("(none)") == row.found);
    CHECK(state.with(Tracestate::kOurKey, row.value, arena).value_or("") == row.planted);
    CHECK(state.without(Tracestate::kOurKey, arena) == row.without);
  }
}

TEST_CASE("tracestate: what is planted fills 512 bytes and no more") {
  ArenaPool pool;
  Arena arena(pool);
  Tracestate state;
  const std::string field = "a=" + repeat(256, 'x') + ",b=" + repeat(200, 'y');
  REQUIRE(state.add(field));
  const size_t room = Tracestate::kMaxBytes - field.size() - 1 - std::string_view("woad=").size();
  const auto fits = state.with("woad", repeat(room, 'z'), arena);
  REQUIRE(fits);
  CHECK(fits->size() == Tracestate::kMaxBytes);
  CHECK_FALSE(state.with("woad", repeat(room + 1, 'z'), arena));
}

TEST_CASE("tracestate: a dropped list is a new one to plant in") {
  ArenaPool pool;
  Arena arena(pool);
  Tracestate state;
  REQUIRE_FALSE(state.add("FOO=1"));
  CHECK(state.with("woad", "c:red", arena) == "woad=c:red");
  CHECK(state.without("woad", arena).empty());
}

}  // namespace
}  // namespace woad
