#include "proxy/context/baggage.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace woad;

namespace {

struct Rig {
  explicit Rig(const std::vector<std::string>& fields) {
    headers.add("Host", "h");
    for (const std::string& field : fields) headers.add_copy("Baggage", field);
    headers.add("x-last", "1");
  }
  // All fields, with " | " between them; "-": none.
  std::string show() const {
    std::string text;
    for (const Header& field : headers) {
      if (field.id != HeaderId::kBaggage) continue;
      text += (text.empty() ? "" : " | ") + std::string(field.value);
      CHECK_FALSE(field.value.empty());
    }
    CHECK(headers.find("host") != nullptr);
    CHECK(headers.find("x-last") != nullptr);
    return text.empty() ? "-" : text;
  }

  ArenaPool pool;
  Arena arena{pool};
  Headers headers{arena};
};

std::string members(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += (i > 0 ? ",k" : "k") + std::to_string(i) + "=v";
  return text;
}

// One member of that many bytes.
std::string member_of(size_t bytes) { return "k=" + std::string(bytes - 2, 'v'); }

}  // namespace

TEST_CASE("our members are read from wherever they stand") {
  const struct {
    std::vector<std::string> fields;
    const char* color;
    const char* tenant;
    bool bad;
  } kCases[] = {
      {{}, "", "", false},
      {{""}, "", "", false},
      {{"woad.color=red,woad.tenant=acme"}, "red", "acme", false},
      {{"a=1 , woad.color = red ;p=1; q , b=2"}, "red", "", false},
      {{"a=1", "woad.tenant=acme", "woad.color=red"}, "red", "acme", false},
      {{"woad.color=%72e%64"}, "red", "", false},
      {{"woad.color=%52%45%44"}, "red", "", false},
      {{"woad.color=RED.Alice"}, "red.alice", "", false},
      {{"woad.color=base,woad.tenant=base"}, "", "base", false},
      {{"woad.color=red,woad.color=red"}, "red", "", false},
      {{"woad.color=red", "woad.color=RED;p"}, "red", "", false},
      {{",,woad.color=red,,"}, "red", "", false},
      // bad values are absent, and nothing else is
      {{"woad.color=red,woad.color=blue,woad.tenant=acme"}, "", "acme", true},
      {{"woad.color=red,woad.color=base"}, "", "", true},
      {{"woad.color=red,woad.color="}, "", "", true},
      {{"woad.color=,woad.tenant=acme"}, "", "acme", true},
      {{"woad.color=-red"}, "", "", true},
      {{"woad.color=r%00d"}, "", "", true},
      {{"woad.color=r%2Cwoad.tenant%3Dx"}, "", "", true},
      {{"woad.color=%7"}, "", "", true},
      {{"woad.color=red%"}, "", "", true},
      {{"woad.color=%zz"}, "", "", true},
      {{"woad.color=" + std::string(64, 'a')}, "", "", true},
      {{"woad.color=%61" + std::string(63, 'a')}, "", "", true},
      {{"woad.color=%61" + std::string(62, 'b')}, nullptr, "", false},
      // members of others
      {{"Woad.Color=red,woad.colors=blue,xwoad.color=green,a=woad.color"}, "", "", false},
      {{"a=1;woad.color=red"}, "", "", false},
      {{"k=a=b%,woad.tenant=t"}, "", "t", false},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.fields.empty() ? std::string("-") : test.fields[0]);
    Rig rig(test.fields);
    const std::string before = test.fields == std::vector<std::string>{""} ? "" : rig.show();
    const BaggageRead read = read_baggage(rig.headers);
    CHECK(read.values.color ==
          (test.color == nullptr ? "a" + std::string(62, 'b') : std::string(test.color)));
    CHECK(read.values.tenant == test.tenant);
    CHECK(read.bad_value == test.bad);
    CHECK(read.readable);
    if (!before.empty()) CHECK(rig.show() == before);
  }
}

TEST_CASE("baggage that cannot be read passes byte for byte, without ours") {
  const struct {
    std::vector<std::string> fields;
    std::string left = {};  // "": all of it
  } kCases[] = {
      {{"a"}},
      {{"=1"}},
      {{"a b=1 , c=2,,"}},
      {{"a=1 2"}},
      {{"a=\"1\""}},
      {{"a=1\\2"}},
      {{"a=1;"}},
      {{"a=1;;b"}},
      {{"a=1;b c"}},
      {{"a=1;b=\"2\""}},
      {{"a=1;=2"}},
      {{"a=\x7f"}},
      {{"a=\xc3\xa9 ,  b=2"}},
      {{std::string("a=\0", 3)}},
      {{"(a)=1", "b=2"}},
      {{members(65)}},
      {{members(64), "a=1"}},
      {{member_of(8193)}},
      {{"woad.colors=red,@"}},
      {{"a=1;woad.color=red,@"}},
      {{"woad.color"}, "-"},
      {{"woad.color=red,woad.tenant"}, "-"},
      {{"a=\"x,woad.color=red\""}, "a=\"x"},
      {{"woad.color=red", "a"}, "a"},
      {{"a=1", "woad.color=red,@=1"}, "a=1 | @=1"},
      {{" @ , woad.color=red;p , b=2,woad.tenant=t"}, "@ , b=2"},
      {{"woad.color=red," + members(65)}, members(65)},
      {{members(65) + ",woad.tenant=x"}, members(65)},
      {{member_of(8000), "woad.color=red," + member_of(178)},
       member_of(8000) + " | " + member_of(178)},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.fields[0].substr(0, 50));
    Rig rig(test.fields);
    const std::string before = rig.show();
    const std::string left = test.left.empty() ? before : test.left;
    const BaggageRead read = read_baggage(rig.headers);
    CHECK_FALSE(read.readable);
    CHECK(read.values.empty());
    CHECK(rig.show() == before);

    Rig planted(test.fields);
    CHECK_FALSE(plant_baggage(planted.headers, {"red", ""}));
    CHECK(planted.show() == left);
    Rig undyed(test.fields);
    CHECK(plant_baggage(undyed.headers, {}));
    CHECK(undyed.show() == left);

    CHECK(strip_baggage(rig.headers) == !test.left.empty());
    CHECK(rig.show() == left);
  }
}

TEST_CASE("the limits themselves are within the limits") {
  for (const auto& fields :
       std::vector<std::vector<std::string>>{{members(64)},
                                             {members(63), "a=1"},
                                             {member_of(8192)},
                                             {member_of(8000), member_of(191)}}) {
    CAPTURE(fields[0].size());
    Rig rig(fields);
    CHECK(read_baggage(rig.headers).readable);
    CHECK_FALSE(strip_baggage(rig.headers));
  }
}

TEST_CASE("stripping takes ours and leaves others byte for byte") {
  const struct {
    std::vector<std::string> fields;
    bool result;
    const char* left;
  } kCases[] = {
      {{}, false, "-"},
      {{"a=1 ,  b=2;p= q", " c=%20"}, false, "a=1 ,  b=2;p= q |  c=%20"},
      {{"woad.color=red"}, true, "-"},
      {{"woad.color=red", "woad.tenant=x;p"}, true, "-"},
      {{"a=1 ,woad.color=red,  b = 2 ; p = q"}, true, "a=1 ,  b = 2 ; p = q"},
      {{"b=1,woad.color=-bad-,a=2", "woad.tenant=t", "b=%2C"}, true, "b=1,a=2 | b=%2C"},
      // what a lenient reader would take for ours, and what none would
      {{"Woad.Color=red,a=1"}, true, "a=1"},
      {{"woad%2Ecolor=red,woad.%63olor=red,%57oad.tenant=t,a=1"}, true, "a=1"},
      {{"woad.color+=red,a=1,%20woad.color%20=red"}, true, "a=1"},
      {{"\"woad.color\"=red,a=1,\xa0woad.tenant\xa0=t"}, true, "a=1"},
      {{"woad.color;p=red,a=1"}, true, "a=1"},
      {{"woad%252Ecolor=red,woad.colour=red,xwoad.color=red,woad.tenants=t,a=woad.color"},
       false,
       "woad%252Ecolor=red,woad.colour=red,xwoad.color=red,woad.tenants=t,a=woad.color"},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.left);
    Rig rig(test.fields);
    CHECK(strip_baggage(rig.headers) == test.result);
    CHECK(rig.show() == test.left);
    CHECK(read_baggage(rig.headers).values.empty());
  }
}

TEST_CASE("planting puts ours behind the others, once") {
  const struct {
    std::vector<std::string> fields;
    ContextValues values;
    const char* left;
  } kCases[] = {
      {{}, {"red", "acme"}, "woad.color=red,woad.tenant=acme"},
      {{}, {"", ""}, "-"},
      {{"a=1"}, {"", ""}, "a=1"},
      {{"a=1;p , b=2", "c=3"}, {"red", ""}, "a=1;p,b=2,c=3,woad.color=red"},
      {{"a=1;p , b=2", "c=3"}, {"", "acme"}, "a=1;p,b=2,c=3,woad.tenant=acme"},
      {{"woad.color=blue,a=1,woad.tenant=x"}, {"red", ""}, "a=1,woad.color=red"},
      {{"woad.color=blue"}, {"", ""}, "-"},
      {{"woad.color=red,woad.color=blue"}, {"red", ""}, "woad.color=red"},
      {{"woad.color=%72ed"}, {"red", ""}, "woad.color=red"},
      // nothing to change
      {{"woad.color=red ; p,a=1", "woad.tenant=t"},
       {"red", "t"},
       "woad.color=red ; p,a=1 | woad.tenant=t"},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.left);
    Rig rig(test.fields);
    CHECK(plant_baggage(rig.headers, test.values));
    CHECK(rig.show() == test.left);
    CHECK(read_baggage(rig.headers).values == test.values);
  }
}

TEST_CASE("what has no room for ours passes byte for byte") {
  const std::string full = "a=1 ,  b=2;p ," + members(62);
  for (const auto& fields :
       std::vector<std::vector<std::string>>{{full}, {"a=1 , b=2", members(62)}}) {
    Rig rig(fields);
    const std::string before = rig.show();
    CHECK_FALSE(plant_baggage(rig.headers, {"red", ""}));
    CHECK(rig.show() == before);
  }
}

TEST_CASE("planting refuses what would not fit, and leaves no old member of ours") {
  constexpr size_t kOurs = sizeof("woad.color=red") - 1;
  const struct {
    std::vector<std::string> fields;
    ContextValues values;
    bool planted;
  } kCases[] = {
      {{members(63)}, {"red", ""}, true},
      {{members(64)}, {"red", ""}, false},
      {{members(62)}, {"red", "t"}, true},
      {{members(63)}, {"red", "t"}, false},
      {{members(63) + ",woad.color=blue"}, {"red", ""}, true},
      {{members(63) + ",woad.color=blue"}, {"red", "t"}, false},
      {{member_of(8192 - 1 - kOurs)}, {"red", ""}, true},
      {{member_of(8192 - kOurs)}, {"red", ""}, false},
      {{member_of(8192 - 1 - kOurs) + ",woad.color=x"}, {"red", ""}, true},
      {{member_of(8192 - 1 - kOurs) + ",woad.color=x"}, {"green", ""}, false},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.fields[0].size());
    Rig rig(test.fields);
    CHECK(plant_baggage(rig.headers, test.values) == test.planted);
    const BaggageRead read = read_baggage(rig.headers);
    CHECK(read.readable);
    CHECK(read.values == (test.planted ? test.values : ContextValues{}));
    CHECK(rig.show().substr(0, 50) == test.fields[0].substr(0, 50));
  }
}
