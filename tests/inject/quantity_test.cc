#include "proxy/inject/quantity.h"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("quantities") {
  struct Case {
    const char* text;
    double amount;  // below 0: none
  };
  const Case cases[] = {
      {"0", 0},        {"10m", 0.01}, {"0.5", 0.5},  {"1", 1},     {"16Mi", 16777216},
      {"1Gi", 0x1p30}, {"1k", 1000},  {"1e3", 1000}, {"1E", 1e18}, {"2E+2", 200},
      {"1.5Ki", 1536}, {"", -1},      {"m", -1},     {"-1", -1},   {"1mi", -1},
      {"1 Mi", -1},    {"1.2.3", -1}, {"1e", -1},    {"1e99", -1}, {"0x10", -1},
      {"inf", -1},     {"nan", -1},   {"1KiB", -1},  {"+1", -1},   {"1e-3", 0.001},
      {"1e+-3", -1},   {"1e--3", -1}, {"1e++3", -1}, {"1e+", -1},  {"1E-", -1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const auto amount = woad::parse_quantity(c.text);
    CHECK(amount.has_value() == (c.amount >= 0));
    if (amount) CHECK(*amount == doctest::Approx(c.amount));
  }
}

TEST_CASE("names of objects") {
  for (const char* good : {"a", "price-woad", "a.b-c.1", "0"}) CHECK(woad::is_object_name(good));
  for (const char* bad : {"", "A", "a_b", "-a", "a-", "a..b", ".a", "a/b", "a b"}) {
    CHECK_FALSE(woad::is_object_name(bad));
  }
  CHECK_FALSE(woad::is_object_name(std::string(254, 'a')));
}
