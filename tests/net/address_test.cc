#include "proxy/net/address.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

TEST_CASE("addresses: text to value and back") {
  struct Row {
    const char* text;
    const char* host;
    int port;
    bool loopback;
    bool any = false;
  };
  const Row rows[] = {
      {"127.0.0.1:80", "127.0.0.1", 80, true},
      {"127.9.9.9:65535", "127.9.9.9", 65535, true},
      {"0.0.0.0:0", "0.0.0.0", 0, false, true},
      {"255.1.20.100:65535", "255.1.20.100", 65535, false},
      {"10.1.2.3:15001", "10.1.2.3", 15001, false},
      {"[::1]:80", "::1", 80, true},
      {"[::ffff:127.0.0.1]:80", "::ffff:127.0.0.1", 80, true},
      {"[::ffff:10.0.0.0]:80", "::ffff:10.0.0.0", 80, false},
      {"[2001:db8::1]:443", "2001:db8::1", 443, false},
      {"[2001:db8::]:443", "2001:db8::", 443, false},
      {"[::]:443", "::", 443, false, true},
      {"[::ffff:0.0.0.0]:80", "::ffff:0.0.0.0", 80, false, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<Address> address = Address::parse(row.text);
    REQUIRE(address);
    CHECK(address->to_string() == row.text);
    CHECK(address->host() == row.host);
    CHECK(address->port() == row.port);
    CHECK(address->is_loopback() == row.loopback);
    CHECK(address->is_any() == row.any);
    CHECK(*address == *Address::from_host(row.host, static_cast<uint16_t>(row.port)));
  }
}

TEST_CASE("addresses: refused text") {
  const std::string nul("127.0.0.1\0:80", 13);
  for (const std::string& text :
       {std::string("127.0.0.1"), std::string("127.0.0.1:"), std::string("127.0.0.1:65536"),
        std::string("127.0.0.1:-1"), std::string("127.0.0.1:+1"), std::string("127.0.0.1:000080"),
        std::string("127.1:80"), std::string("localhost:80"), std::string("::1:80"),
        std::string("[127.0.0.1]:80"), std::string("[::1]80"), std::string("[::1:80"),
        std::string(":80"), std::string(""), std::string("[]:80"), nul}) {
    CAPTURE(text);
    CHECK(!Address::parse(text));
  }
  CHECK(!Address().valid());
  CHECK(Address().to_string().empty());
  CHECK(!(*Address::parse("1.2.3.4:1") == *Address::parse("1.2.3.4:2")));
  CHECK(!(*Address::parse("1.2.3.4:1") == *Address::parse("1.2.3.5:1")));
  CHECK(!(*Address::parse("[::1]:1") == *Address::parse("[::2]:1")));
}

}  // namespace
}  // namespace woad
