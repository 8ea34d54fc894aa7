#include "proxy/redirect/network.h"

#include <doctest/doctest.h>

namespace woad::redirect {
namespace {

TEST_CASE("networks as people write them") {
  const std::pair<const char*, const char*> cases[] = {
      {"10.0.0.0/8", "10.0.0.0/8"},
      {"10.1.2.3/8", "10.0.0.0/8"},
      {"10.1.2.3", "10.1.2.3/32"},
      {"192.168.129.0/17", "192.168.128.0/17"},
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"1.2.3.4/0", "0.0.0.0/0"},
      {"fd00::/8", "fd00::/8"},
      {"FD00:0:0::1/8", "fd00::/8"},
      {"fd00::1", "fd00::1/128"},
      {"::/0", "::/0"},
      {"2001:db8:ffff::/33", "2001:db8:8000::/33"},
  };
  for (const auto& row : cases) {
    const auto& [text, want] = row;
    CAPTURE(row.first);
    const auto network = Network::parse(text);
    REQUIRE(network);
    CHECK(network->to_string() == want);
  }
}

TEST_CASE("what is no network says how one is written") {
  for (const char* text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/8/8",
        "fd00::/129", "fd00::g/8", "[fd00::]/8", "price", "10.0.0.0/ 8", "10.0.0.0:80"}) {
    CAPTURE(text);
    const auto network = Network::parse(text);
    REQUIRE_FALSE(network);
    CHECK(network.error().message ==
          "'" + std::string(text) + "' is no network; write 10.0.0.0/8 or fd00::/8");
  }
}

TEST_CASE("which network is within which") {
  const auto within = [](const char* one, const char* other) {
    return Network::parse(other)->contains(*Network::parse(one));
  };
  CHECK(within("10.1.0.0/16", "10.0.0.0/8"));
  CHECK(within("10.0.0.0/8", "10.0.0.0/8"));
  CHECK_FALSE(within("10.0.0.0/8", "10.1.0.0/16"));
  CHECK_FALSE(within("11.0.0.1", "10.0.0.0/8"));
  CHECK(within("fd00::1", "::/0"));
  CHECK_FALSE(within("10.0.0.1", "::/0"));
  CHECK_FALSE(within("::1", "0.0.0.0/0"));
}

}  // namespace
}  // namespace woad::redirect
