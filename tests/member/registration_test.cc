#include "proxy/member/registration.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace woad {
namespace {

TEST_CASE("registration: the address that is told") {
  struct Row {
    Advertised advertised;
    uint16_t inbound;
    std::string local;  // "": not known
    std::string expected;
  };
  const Row rows[] = {
      {{}, 15006, "10.0.0.9:4711", "10.0.0.9:15006"},
      {{}, 15006, "[fd00::9]:4711", "[fd00::9]:15006"},
      {{"10.1.1.1", 0}, 15006, "", "10.1.1.1:15006"},
      {{"fd00::1", 0}, 15006, "", "[fd00::1]:15006"},
      {{"name", 99}, 0, "", "name:99"},
      {{"", 99}, 0, "10.0.0.9:4711", "10.0.0.9:99"},
      {{}, 0, "10.0.0.9:4711", "!inbound"},
      {{}, 15006, "", "!not known"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    std::optional<Address> local;
    if (!row.local.empty()) local = *Address::parse(row.local);
    const auto body = Registration::body(row.advertised, {row.inbound, {{"color", "red"}}}, local);
    if (row.expected.starts_with('!')) {
      REQUIRE_FALSE(body);
      CHECK(body.error().message.find(row.expected.substr(1)) != std::string::npos);
      continue;
    }
    REQUIRE(body);
    const auto json = nlohmann::json::parse(*body);
    CHECK(json["address"] == row.expected);
    CHECK(json["labels"]["color"] == "red");
  }
}

TEST_CASE("registration: the next heartbeat comes a little early, whatever the plane says") {
  struct Row {
    std::string_view answer;
    Duration interval;
  };
  const Row rows[] = {
      {R"({"lease":"90s","heartbeat":"10s"})", seconds(10)},
      {R"({"heartbeat":"0s"})", seconds(30)},
      {R"({"heartbeat":"1000h"})", seconds(30)},
      {R"({"heartbeat":7})", seconds(30)},
      {"[]", seconds(30)},
      {"nonsense", seconds(30)},
  };
  const MonoTime now(seconds(1000));
  for (const Row& row : rows) {
    CAPTURE(row.answer);
    Random random(1);
    Registration registration(random);
    CHECK_FALSE(registration.present());
    CHECK(registration.due() <= now);
    registration.on_accepted(row.answer, now);
    CHECK(registration.present());
    CHECK(registration.due() <= now + row.interval);
    CHECK(registration.due() >= now + row.interval * 8 / 10);
    registration.on_refused(now);
    CHECK(registration.due() == now + Registration::kAgain);
    registration.on_gone();
    CHECK(registration.gone());
  }
}

}  // namespace
}  // namespace woad
