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
    CHECK_FALSE(read.dropped);
    if (!before.empty()) CHECK(rig.show() == before);
  }
}

TEST_CASE("malformed baggage goes as a whole, for every function") {
  const std::vector<std::string> kCases[] = {
      {"a"},
      {"=1"},
      {"woad.color"},
      {"a b=1"},
      {"a=1 2"},
      {"a=\"1\""},
      {"a=\"x,woad.color=red\""},
      {"a=1\\2"},
      {"a=1;"},
      {"a=1;;b"},
      {"a=1;b c"},
      {"a=1;b=\"2\""},
      {"a=1;=2"},
      {"a=\x7f"},
      {"a=\xc3\xa9"},
      {std::string("a=\0", 3)},
      {"(a)=1"},
      {"woad.color=red", "a"},
      {"a=1", "woad.color=red,@=1"},
      {members(65)},
      {members(64), "a=1"},
      {member_of(8193)},
      {member_of(8000), "woad.color=red," + member_of(178)},
  };
  for (const auto& fields : kCases) {
    CAPTURE(fields[0].substr(0, 50));
    Rig read(fields);
    CHECK(read_baggage(read.headers).dropped);
    CHECK(read.show() == "-");

    Rig strip(fields);
    CHECK(strip_baggage(strip.headers) == BaggageStrip::kDropped);
    CHECK(strip.show() == "-");

    Rig plant(fields);
    CHECK(plant_baggage(plant.headers, {"red", ""}) == BaggagePlant::kDropped);
    CHECK(plant.show() == "woad.color=red");
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
    CHECK_FALSE(read_baggage(rig.headers).dropped);
    CHECK(strip_baggage(rig.headers) == BaggageStrip::kNothing);
  }
}

TEST_CASE("stripping takes ours and leaves others byte for byte") {
  const struct {
    std::vector<std::string> fields;
    BaggageStrip result;
    const char* left;
  } kCases[] = {
      {{}, BaggageStrip::kNothing, "-"},
      {{"a=1 ,  b=2;p= q", " c=%20"}, BaggageStrip::kNothing, "a=1 ,  b=2;p= q |  c=%20"},
      {{"woad.color=red"}, BaggageStrip::kRemoved, "-"},
      {{"woad.color=red", "woad.tenant=x;p"}, BaggageStrip::kRemoved, "-"},
      {{"a=1 ,woad.color=red,  b = 2 ; p = q"}, BaggageStrip::kRemoved, "a=1,b = 2 ; p = q"},
      {{"b=1,woad.color=-bad-,a=2", "woad.tenant=t", "b=%2C"},
       BaggageStrip::kRemoved,
       "b=1,a=2,b=%2C"},
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
    CHECK(plant_baggage(rig.headers, test.values) == BaggagePlant::kPlanted);
    CHECK(rig.show() == test.left);
    CHECK(read_baggage(rig.headers).values == test.values);
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
    const BaggagePlant result = plant_baggage(rig.headers, test.values);
    CHECK(result == (test.planted ? BaggagePlant::kPlanted : BaggagePlant::kNoRoom));
    const BaggageRead read = read_baggage(rig.headers);
    CHECK_FALSE(read.dropped);
    CHECK(read.values == (test.planted ? test.values : ContextValues{}));
    CHECK(rig.show().substr(0, 50) == test.fields[0].substr(0, 50));
  }
}
