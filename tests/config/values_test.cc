#include "config/values.h"

#include <doctest/doctest.h>

using namespace woad;
using namespace woad::config;

TEST_CASE("durations") {
  struct Row {
    const char* text;
    Duration value;
    const char* shown;
  };
  for (const Row& row :
       {Row{"250ms", milliseconds(250), "250ms"}, Row{"5s", seconds(5), "5s"},
        Row{"1m", minutes(1), "1m"}, Row{"60s", seconds(60), "1m"}, Row{"1h", hours(1), "1h"},
        Row{"0s", Duration(0), "0s"}, Row{"1500ms", milliseconds(1500), "1500ms"},
        Row{"8760h", hours(8760), "8760h"}}) {
    const auto value = parse_duration(row.text);
    INFO(row.text);
    REQUIRE(value);
    CHECK(*value == row.value);
    CHECK(show(*value) == row.shown);
  }
  for (const char* text : {"", "5", "s", "5 s", "5S", "1.5s", "-1s", "1m30s", "5us", "1d", "8761h",
                           "99999999999999999999s", " 5s", "5s "}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("sizes") {
  CHECK(parse_size("64KiB")->bytes == 65536);
  CHECK(parse_size("1MiB")->bytes == 1048576);
  CHECK(parse_size("2GiB")->bytes == 2147483648);
  CHECK(show(kib(64)) == "64KiB");
  CHECK(show(kib(1024)) == "1MiB");
  for (const char* text :
       {"", "64", "64K", "64kb", "64KB", "KiB", "1.5MiB", "-1KiB", "99999999999999999GiB"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("shares") {
  struct Row {
    const char* text;
    double value;
    const char* shown;
  };
  for (const Row& row : {Row{"20%", 0.2, "20%"}, Row{"0.2", 0.2, "20%"}, Row{"0", 0, "0%"},
                         Row{"0%", 0, "0%"}, Row{"100%", 1, "100%"}, Row{"1.0", 1, "100%"},
                         Row{"0.5%", 0.005, "0.5%"}, Row{"12.5%", 0.125, "12.5%"}}) {
    const auto value = parse_share(row.text);
    INFO(row.text);
    REQUIRE(value);
    CHECK(value->value == doctest::Approx(row.value));
    CHECK(show(*value) == row.shown);
  }
  for (const char* text : {"", "5", "1", "%", "101%", "1.5", "-1%", "1e-1", "0x1", ".5", "nan%",
                           "5 %", "1.2.3", "5%%"}) {
    INFO(text);
    CHECK_FALSE(parse_share(text));
  }
}

TEST_CASE("what to write in the place of a wrong share") {
  constexpr const char* kUsual = "shares are 20% or 0.2";
  const struct {
    const char* text;
    const char* hint;
  } kRows[] = {{"5", "write 5%"},
               {"50", "write 50%"},
               {"100", "write 100%"},
               {"1.5", "write 1.5%"},
               {"12.5", "write 12.5%"},
               {"5 %", "write 5%"},
               {"5%%", "write 5%"},
               {"1", "write 1%, or 100% for all"},
               {"101", kUsual},
               {"120%", kUsual},
               {"-5", kUsual},
               {"1e1", kUsual},
               {"", kUsual},
               {"%", kUsual},
               {"many", kUsual}};
  for (const auto& row : kRows) {
    CAPTURE(row.text);
    CHECK_FALSE(parse_share(row.text));
    CHECK(share_hint(row.text) == row.hint);
  }
}

TEST_CASE("addresses") {
  struct Row {
    const char* text;
    const char* host;
    uint16_t port;
    bool numeric;
  };
  for (const Row& row :
       {Row{"127.0.0.1:80", "127.0.0.1", 80, true}, Row{"[::1]:65535", "::1", 65535, true},
        Row{"app:1", "app", 1, false}, Row{"a.b-c_d:80", "a.b-c_d", 80, false},
        // absolute names
        Row{"app.:1", "app.", 1, false},
        Row{"a.svc.cluster.local.:80", "a.svc.cluster.local.", 80, false}}) {
    const auto value = parse_host_port(row.text);
    INFO(row.text);
    REQUIRE(value);
    CHECK(value->host == row.host);
    CHECK(value->port == row.port);
    CHECK(value->numeric == row.numeric);
    CHECK(value->to_string() == row.text);
  }
  for (const char* text :
       {"",        ":80",         "a",      "a:",       "a:0",    "a:65536",        "a:+1",
        "a: 80",   "::1:80",      "[::1]",  "[::1]80",  "[a]:80", "[127.0.0.1]:80", "1.2.3.400:80",
        "a..b:80", ".a:80",       ".:80",   "..:80",    "a..:80", "127.0.0.1.:80",  "[::1.]:80",
        "a b:80",  "http://a:80", "a/b:80", "1.2.3:80", "ä:80"}) {
    INFO(text);
    CHECK_FALSE(parse_host_port(text));
  }
  CHECK(HostPort().to_string().empty());
  CHECK_FALSE(parse_host_port(std::string(64, 'a') + ":80"));
  const std::string label = std::string(62, 'a') + ".";
  const std::string longest = label + label + label + label + "b";  // 253 bytes
  CHECK(parse_host_port(longest + ":80"));
  CHECK(parse_host_port(longest + ".:80"));
  CHECK_FALSE(parse_host_port(longest + "b:80"));
}

TEST_CASE("whole numbers, booleans, tokens") {
  CHECK(*parse_integer("5", 1, 10) == 5);
  CHECK_FALSE(parse_integer("0", 1, 10));
  CHECK_FALSE(parse_integer("11", 1, 10));
  for (const char* text : {"", "-1", "+1", "1.0", "0x1", "1e3", "99999999999999999999"}) {
    CHECK_FALSE(parse_integer(text, 0, UINT64_MAX));
  }
  CHECK(*parse_bool("true"));
  CHECK_FALSE(*parse_bool("false"));
  for (const char* text : {"", "yes", "no", "on", "True", "1"}) CHECK_FALSE(parse_bool(text));
  CHECK(is_token("x-user_id"));
  for (const char* text : {"", "a b", "a:b", "a\n", "ä", "a,b", "(a)"}) CHECK_FALSE(is_token(text));
}
