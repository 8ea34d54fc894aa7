#include "proxy/upstream/affinity.h"

#include <doctest/doctest.h>

#include "tests/support/request_head.h"

using namespace woad;
using woad::test::TestRequest;

namespace {

const Address kClient = *Address::parse("10.0.0.7:4711");

TEST_CASE("affinity: the key is that of the value") {
  const Affinity by_header{.header = HeaderName("x-user-id")};
  const Affinity by_cookie{.cookie = "session"};
  const Affinity by_source{.source_ip = true};
  const TestRequest anna("GET", "/", "price",
                         {{"X-User-Id", "anna"}, {"cookie", "a=b; session=s1"}});
  const TestRequest bert("GET", "/", "price", {{"x-user-id", "bert"}, {"cookie", "session=s1"}});
  const TestRequest nobody("GET", "/", "price", {{"x-user-id", ""}, {"cookie", "sessions=s1"}});

  REQUIRE(by_header.key_of(anna.head, kClient));
  CHECK(by_header.key_of(anna.head, kClient) != by_header.key_of(bert.head, kClient));
  REQUIRE(by_cookie.key_of(anna.head, kClient));
  CHECK(by_cookie.key_of(anna.head, kClient) == by_cookie.key_of(bert.head, kClient));
  CHECK_FALSE(by_header.key_of(nobody.head, kClient));
  CHECK_FALSE(by_cookie.key_of(nobody.head, kClient));

  REQUIRE(by_source.key_of(nobody.head, kClient));
  CHECK(by_source.key_of(nobody.head, kClient) ==
        by_source.key_of(anna.head, *Address::parse("10.0.0.7:4712")));
  CHECK(by_source.key_of(nobody.head, kClient) !=
        by_source.key_of(nobody.head, *Address::parse("10.0.0.8:4711")));
  CHECK_FALSE(by_source.key_of(nobody.head, Address()));
}

}  // namespace
