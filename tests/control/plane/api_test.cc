#include <string>
#include <vector>

#include "tests/control/plane/replica.h"

namespace woad::control {
namespace {

const WebCaller kLocal{WebCaller::Kind::kLocal, {}};
const WebCaller kNobody{WebCaller::Kind::kUnknown, {}};
const WebCaller kCart{WebCaller::Kind::kWorkload, "spiffe://example.org/ns/shop/sa/cart"};
const WebCaller kReader{WebCaller::Kind::kWorkload, "spiffe://example.org/ns/ops/sa/reader"};
const WebCaller kOperator{WebCaller::Kind::kWorkload, "spiffe://example.org/ns/ops/sa/operator"};

const std::string kHash(64, 'a');
const std::string kApplied = R"({"sha256":")" + kHash + R"(","result":"applied"})";
const std::string kAddress = R"({"address":"10.0.0.1:80"})";

TEST_CASE("who may do what, and what is no request") {
  struct Case {
    Call call;
    int status;
    const char* error;
  };
  const std::vector<Case> cases = {
      {{.path = "/v1/config/cart?instance=a", .caller = kCart}, 200, ""},
      {{.path = "/v1/config/cart?instance=a", .caller = kLocal}, 200, ""},
      {{.path = "/v1/config/price?instance=a", .caller = kCart}, 403, "denied"},
      {{.path = "/v1/config/cart?instance=a", .caller = kReader}, 403, "denied"},
      {{.path = "/v1/config/cart?instance=a", .caller = kNobody}, 403, "denied"},
      {{.path = "/v1/config/none?instance=a", .caller = kCart}, 404, "no_route"},
      {{.path = "/v1/config/..%2Fx?instance=a", .caller = kCart}, 404, "no_route"},
      {{.path = "/v1/config/cart"}, 400, "bad_request"},
      {{.path = "/v1/config/cart?instance="}, 400, "bad_request"},
      {{.path = "/v1/config/cart?instance=..%2F..%2Fetc"}, 400, "bad_request"},
      {{.path = "/v1/config/cart?instance=a&have=xyz"}, 400, "bad_request"},
      {{.path = "/v1/config/cart?instance=a&wait=long"}, 400, "bad_request"},
      {{.method = "POST", .path = "/v1/config/cart?instance=a"}, 405, "bad_request"},
      {{.path = "/v1/nothing"}, 404, "no_route"},
      {{.path = "/"}, 404, "no_route"},
      {{.path = "/v1/"}, 404, "no_route"},
      {{.path = "/v1/config/cart/more?instance=a"}, 404, "no_route"},

      {{.method = "POST", .path = "/v1/status/cart/a", .body = kApplied, .caller = kCart}, 204, ""},
      {{.method = "POST", .path = "/v1/status/price/a", .body = kApplied, .caller = kCart},
       403,
       "denied"},
      {{.method = "POST", .path = "/v1/status/none/a", .body = kApplied}, 404, "no_route"},
      {{.method = "POST", .path = "/v1/status/cart/a", .body = "{"}, 400, "bad_request"},
      {{.method = "POST", .path = "/v1/status/cart/a", .body = "[]"}, 400, "bad_request"},
      {{.method = "POST", .path = "/v1/status/cart/a", .body = R"({"sha256":"x"})"},
       400,
       "bad_request"},
      {{.method = "POST",
        .path = "/v1/status/cart/a",
        .body = R"({"sha256":")" + kHash + R"(","result":"maybe"})"},
       400,
       "bad_request"},
      {{.method = "POST",
        .path = "/v1/status/cart/a",
        .body = R"({"sha256":")" + kHash + R"(","result":"applied","error":null,"version":null})"},
       204,
       ""},
      {{.method = "POST",
        .path = "/v1/status/cart/a",
        .body = R"({"sha256":")" + kHash + R"(","result":"rejected","error":{}})"},
       400,
       "bad_request"},
      {{.method = "POST",
        .path = "/v1/status/cart/a",
        .body = R"({"sha256":")" + kHash + R"(","result":"rejected","version":[]})"},
       400,
       "bad_request"},
      {{.path = "/v1/status/cart/a"}, 405, "bad_request"},

      {{.method = "PUT", .path = "/v1/instances/cart/a", .body = kAddress, .caller = kCart},
       200,
       ""},
      {{.method = "PUT", .path = "/v1/instances/price/a", .body = kAddress, .caller = kCart},
       403,
       "denied"},
      {{.method = "PUT", .path = "/v1/instances/none/a", .body = kAddress}, 404, "no_route"},
      {{.method = "PUT", .path = "/v1/instances/cart/.a", .body = kAddress}, 400, "bad_request"},
      {{.method = "DELETE", .path = "/v1/instances/cart/gone", .caller = kCart}, 204, ""},
      {{.method = "DELETE", .path = "/v1/instances/price/a", .caller = kCart}, 403, "denied"},

      {{.path = "/v1/services", .caller = kReader}, 200, ""},
      {{.path = "/v1/services", .caller = kOperator}, 200, ""},
      {{.path = "/v1/services", .caller = kCart}, 403, "denied"},
      {{.method = "HEAD", .path = "/v1/services"}, 200, ""},
      {{.method = "POST", .path = "/v1/services"}, 405, "bad_request"},
      {{.path = "/v1/instances/price", .caller = kReader}, 200, ""},
      {{.path = "/v1/instances/none", .caller = kReader}, 404, "no_route"},
      {{.path = "/v1/instances/price", .caller = kCart}, 403, "denied"},
      {{.path = "/v1/rollouts", .caller = kReader}, 200, ""},
      {{.path = "/v1/problems", .caller = kReader}, 200, ""},
      {{.path = "/v1/fleet", .caller = kReader}, 200, ""},

      {{.method = "POST", .path = "/v1/rollouts/cart/halt", .caller = kReader}, 403, "denied"},
      {{.method = "POST", .path = "/v1/rollouts/cart/halt", .caller = kOperator}, 409, "conflict"},
      {{.method = "POST", .path = "/v1/rollouts/none/halt", .caller = kOperator}, 404, "no_route"},
      {{.method = "POST", .path = "/v1/rollouts/cart/explode", .caller = kOperator},
       404,
       "no_route"},

      // A page in a browser of this machine.
      {{.path = "/v1/services", .host = "evil.example"}, 403, "denied"},
      {{.method = "POST",
        .path = "/v1/rollouts/cart/halt",
        .fields = {{"origin", "http://evil.example"}}},
       403,
       "denied"},
      {{.path = "/v1/services", .fields = {{"sec-fetch-site", "cross-site"}}}, 403, "denied"},
  };
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  for (const Case& c : cases) {
    CAPTURE(c.call.method);
    CAPTURE(c.call.path);
    CAPTURE(c.call.body);
    CAPTURE(c.call.caller.id);
    const auto answer = replica.ask(c.call);
    replica.pass(milliseconds(100));
    CHECK(answer->status() == c.status);
    if (answer->response) CHECK(answer->header("x-woad-error") == c.error);
  }
}

TEST_CASE("what is not a registration") {
  for (const char* body : {"",
                           "[]",
                           "5",
                           "{",
                           "{}",
                           R"({"address":5})",
                           R"({"address":"10.0.0.1"})",
                           R"({"address":"10.0.0.1:0"})",
                           R"({"address":"10.0.0.1:99999"})",
                           R"({"address":"${HOME}:80"})",
                           R"({"address":"a b:80"})",
                           R"({"address":"0.0.0.0:80"})",
                           R"({"address":"[::]:80"})",
                           R"({"address":"[0:0::0.0.0.0]:80"})",
                           R"({"address":"[::ffff:0.0.0.0]:80"})",
                           R"({"address":"10.0.0.1:80","weight":-1})",
                           R"({"address":"10.0.0.1:80","weight":65536})",
                           R"({"address":"10.0.0.1:80","weight":"5"})",
                           R"({"address":"10.0.0.1:80","weight":1.5})",
                           R"({"address":"10.0.0.1:80","labels":[]})",
                           R"({"address":"10.0.0.1:80","labels":{"a":1}})",
                           R"({"address":"10.0.0.1:80","labels":{"color":"NOT A COLOUR"}})",
                           R"({"address":"10.0.0.1:80","labels":{"a":"${SECRET}"}})",
                           R"({"address":"10.0.0.1:80","labels":{"a":"x\ny"}})",
                           "\xff"}) {
    CAPTURE(body);
    CHECK_FALSE(read_registration(body));
  }
  const auto good = read_registration(
      R"({"address":"10.0.0.1:80","labels":{"color":"red","zone":"a"},"weight":7,"more":[]})");
  REQUIRE(good);
  CHECK(*good == Instance{"10.0.0.1:80", {{"color", "red"}, {"zone", "a"}}, 7});
  CHECK(read_registration(R"({"address":"[::1]:80"})")->weight == 100);
}

TEST_CASE("an address is one text, however it is spelt: who holds it is found by that") {
  struct Row {
    std::string written;
    std::string_view kept;
  };
  for (const Row& row : {Row{"10.0.0.1:080", "10.0.0.1:80"},
                         {"[2001:0DB8:0:0::1]:80", "[2001:db8::1]:80"},
                         {"[::FFFF:10.0.0.1]:80", "10.0.0.1:80"},
                         {"[::ffff:a00:1]:80", "10.0.0.1:80"},
                         {"Price-Headless:80", "price-headless:80"}}) {
    CAPTURE(row.written);
    const auto read = read_registration(R"({"address":")" + row.written + "\"}");
    REQUIRE(read);
    CHECK(read->address == row.kept);
  }
}

TEST_CASE(
    "ready once the store was read; warnings while it is away and while documents are wrong") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  const auto ready = [&] {
    const test::TestRequest request("GET", "/readyz");
    WebResponse got;
    replica.admin.answer({request.head, {}, kNobody}, [&](WebResponse r) { got = std::move(r); });
    return got;
  };
  CHECK(ready().body == "ready\n");
  replica.store.set_away("connection refused");
  replica.pass(seconds(7));
  CHECK(ready().status == 200);
  CHECK(ready().body.find("warning: the store is away since 7 s") != std::string::npos);
  CHECK(ready().body.find("connection refused") != std::string::npos);
  replica.store.set_away("");
  cluster.put("services/price.yaml", "service: { broken: 1 }\n");
  replica.pass(seconds(1));
  CHECK(ready().body.find("warning: 1 problems") != std::string::npos);
  replica.plane.drain(seconds(25));
  CHECK(ready().status == 503);
}

TEST_CASE("metrics of a fleet") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  replica.put("price", "p-1", "10.0.0.1:80");
  const auto waits = replica.poll("cart", "c-1", replica.poll("cart", "c-1")->sha256());
  const test::TestRequest request("GET", "/metrics");
  WebResponse got;
  replica.admin.answer({request.head, {}, kNobody}, [&](WebResponse r) { got = std::move(r); });
  for (const char* line :
       {"woad_control_ready 1\n", "woad_control_services 2\n",
        "woad_control_members{result=\"none\"} 1\n", "woad_control_waiting_requests 1\n",
        "woad_control_store_connected 1\n", "woad_control_protection 0\n",
        "woad_control_rollouts{state=\"done\"} 2\n",
        "woad_control_requests_total{call=\"config\",code=\"200\"} 1\n"}) {
    CAPTURE(got.body);
    CHECK(got.body.find(line) != std::string::npos);
  }
}

}  // namespace
}  // namespace woad::control
