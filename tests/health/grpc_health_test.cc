#include "proxy/health/grpc_health.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

using namespace std::string_literals;

TEST_CASE("grpc health: the request") {
  CHECK(grpc_health_request("") == "\0\0\0\0\0"s);
  CHECK(grpc_health_request("shop.Price") == "\0\0\0\0\x0c\x0a\x0ashop.Price"s);
  const std::string name(200, 'x');
  CHECK(grpc_health_request(name) == "\0\0\0\0\xcb\x0a\xc8\x01"s + name);
}

TEST_CASE("grpc health: the answer") {
  struct Case {
    std::string body;
    std::optional<uint64_t> status;
  };
  const Case cases[] = {
      {"\0\0\0\0\x02\x08\x01"s, 1},
      {"\0\0\0\0\x02\x08\x02"s, 2},
      {"\0\0\0\0\x03\x08\x87\x01"s, 135},
      {"\0\0\0\0\0"s, 0},                         // the default is left out
      {"\0\0\0\0\x04\x08\x02\x08\x01"s, 1},       // the last one counts
      {"\0\0\0\0\x06\x12\x02hi\x08\x01"s, 1},     // a field that we do not know
      {"\0\0\0\0\x05\x10\x07\x28\x01\x28"s, {}},  // cut off behind a key
      {"\0\0\0\0\x07\x15\x01\x02\x03\x04\x08\x01"s, 1},
      {"\0\0\0\0\x0b\x11\x01\x02\x03\x04\x05\x06\x07\x08\x08\x01"s, 1},
      {"", {}},
      {"\0\0\0\0"s, {}},
      {"\0\0\0\0\x03\x08\x01"s, {}},    // shorter than it says
      {"\0\0\0\0\x02\x08\x01\0"s, {}},  // longer
      {"\1\0\0\0\x02\x08\x01"s, {}},    // compressed, which nobody offered
      {"\0\0\0\0\x03\x12\x7fx"s, {}},
      {"\0\0\0\0\x02\x0b\x01"s, {}},  // a group
      {"\0\0\0\0\x0c\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s, {}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.body);
    CHECK(grpc_health_status(each.body) == each.status);
  }
}

TEST_CASE("grpc health: words") {
  CHECK(grpc_health_word(0) == "UNKNOWN");
  CHECK(grpc_health_word(kGrpcServing) == "SERVING");
  CHECK(grpc_health_word(2) == "NOT_SERVING");
  CHECK(grpc_health_word(9) == "status 9");
}

}  // namespace
}  // namespace woad
