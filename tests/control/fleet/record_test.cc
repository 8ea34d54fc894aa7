#include <doctest/doctest.h>

#include "proxy/control/fleet/instance_record.h"
#include "proxy/control/fleet/member.h"

namespace woad::control {
namespace {

const WallTime kNow = WallTime(hours(500'000) + milliseconds(17));

TEST_CASE("records come back as they were") {
  const InstanceRecord records[] = {
      {{"10.0.0.1:80", {{"color", "red"}, {"zone", "a"}}, 5}, kNow, kNow + seconds(3)},
      {{"[fd00::1]:80", {}, 1}, {}, {}},
  };
  for (const InstanceRecord& record : records) {
    const auto back = parse_instance_record(to_text(record));
    REQUIRE(back);
    CHECK(*back == record);
  }
  Member member;
  CHECK(*parse_member(to_text(member)) == member);
  member = {Member::Outcome::kRejected, "ab", "cd", "ef", "no \"good\"\n", "gh", kNow, kNow};
  CHECK(*parse_member(to_text(member)) == member);
}

TEST_CASE("what is no record is refused, what is odd in one is left out") {
  for (const char* text :
       {"", "[]", "5", "null", "{", "{}", R"({"address":5})",
        R"({"address":"10.0.0.1:80","labels":{"color":5}})",
        R"({"address":"10.0.0.1:80","labels":5})", R"({"address":"10.0.0.1:80","weight":-1})",
        R"({"address":"10.0.0.1:80","weight":"1"})", R"({"address":"10.0.0.1:80","weight":1e9})",
        "\xff"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_instance_record(text));
  }
  const auto odd = parse_instance_record(
      R"({"address":"10.0.0.1:80","registered":"soon","heartbeat":-5,"more":[1]})");
  REQUIRE(odd);
  CHECK(odd->registered == WallTime());
  CHECK(odd->heartbeat == WallTime());
  CHECK_FALSE(parse_member("[]"));
  CHECK(parse_member(R"({"result":7,"told":"x","polled":99999999999999999})")->outcome ==
        Member::Outcome::kNone);
}

}  // namespace
}  // namespace woad::control
