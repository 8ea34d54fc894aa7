#include "proxy/context/dye.h"

#include <doctest/doctest.h>

#include "tests/support/request_head.h"

using namespace woad;
using test::Fields;
using test::TestRequest;

namespace {

DyeRule rule(std::string color, double share = 1) {
  DyeRule made;
  made.color = std::move(color);
  made.share = share;
  return made;
}

const DyeRule* ask(const std::vector<DyeRule>& rules, const TestRequest& request,
                   std::string_view id = "r1") {
  return find_dye(rules, {request.head, "price", "", "", ""}, id);
}

TEST_CASE("dye: the first rule that matches wins") {
  std::vector<DyeRule> rules{rule("red"), rule("blue")};
  rules[0].match.path = PathMatcher::prefix("/checkout");
  CHECK(ask(rules, TestRequest("GET", "/checkout/x")) == &rules[0]);
  CHECK(ask(rules, TestRequest("GET", "/other")) == &rules[1]);
  rules[1].match.methods = {"POST"};
  CHECK(ask(rules, TestRequest("GET", "/other")) == nullptr);
}

TEST_CASE("dye: a rule that does not take its share leaves the request to the next one") {
  const std::vector<DyeRule> rules{rule("red", 0), rule("blue")};
  CHECK(ask(rules, TestRequest()) == &rules[1]);
}

TEST_CASE("dye: the share is kept, by request id and by sticky value") {
  constexpr int kRequests = 20000;
  DyeRule by_header = rule("red", 0.05);
  by_header.sticky_header.emplace("x-user-id");
  DyeRule by_cookie = rule("red", 0.05);
  by_cookie.sticky_cookie = "user";
  const DyeRule by_id = rule("red", 0.05);
  int taken = 0;
  for (int i = 0; i < kRequests; ++i) {
    const std::string user = "user-" + std::to_string(i);
    const TestRequest header("GET", "/", "price", {{"x-user-id", user}});
    const TestRequest cookie("GET", "/", "price", {{"cookie", "a=b; user=" + user + "; c=d"}});
    const bool answer = by_header.takes(header.head, "r" + std::to_string(i));
    taken += answer ? 1 : 0;
    CHECK(by_header.takes(header.head, "another") == answer);
    CHECK(by_cookie.takes(cookie.head, "another") == answer);
    CHECK(by_id.takes(TestRequest().head, user) == answer);
  }
  CHECK(taken > kRequests * 0.04);
  CHECK(taken < kRequests * 0.06);
}

TEST_CASE("dye: without its sticky value a request is drawn by its id") {
  DyeRule sticky = rule("red", 0.5);
  sticky.sticky_header.emplace("x-user-id");
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    taken += sticky.takes(TestRequest().head, std::to_string(i)) ? 1 : 0;
  }
  CHECK(taken > 400);
  CHECK(taken < 600);
}

TEST_CASE("dye: rules that give different colours draw by themselves") {
  const DyeRule red = rule("red", 0.5);
  const DyeRule blue = rule("blue", 0.5);
  int both = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = std::to_string(i);
    both += red.takes(TestRequest().head, id) && blue.takes(TestRequest().head, id) ? 1 : 0;
  }
  CHECK(both > 150);
  CHECK(both < 350);
}

TEST_CASE("dye: cookies are found by their whole name") {
  DyeRule sticky = rule("red", 0.5);
  sticky.sticky_cookie = "user";
  const auto answer = [&](std::string value) {
    return sticky.takes(TestRequest("GET", "/", "price", {{"cookie", std::move(value)}}).head, "r");
  };
  DyeRule plain = rule("red", 0.5);
  int like_u7 = 0;
  int like_id = 0;
  for (int i = 0; i < 64; ++i) {
    const std::string user = "u" + std::to_string(i);
    const bool expected = plain.takes(TestRequest().head, user);
    like_u7 += answer("superuser=x; user=" + user) == expected ? 1 : 0;
    like_id +=
        answer("userx=" + user + ";user2=" + user) == plain.takes(TestRequest().head, "r") ? 1 : 0;
  }
  CHECK(like_u7 == 64);
  CHECK(like_id == 64);
}

}  // namespace
