#include "proxy/exchange/request_rules.h"

#include <doctest/doctest.h>

#include "tests/support/request_head.h"
#include "tests/support/workloads.h"

using namespace woad;
using test::Fields;
using test::TestRequest;

namespace {

TEST_CASE("rules: hops") {
  struct Case {
    Fields fields;
    std::string_view after;  // "": refused
  };
  const Case cases[] = {{{}, "1"},
                        {{{"x-woad-hops", "1"}}, "2"},
                        {{{"X-Woad-Hops", "15"}}, "16"},
                        {{{"x-woad-hops", "16"}}, ""},
                        {{{"x-woad-hops", "99"}}, ""},
                        {{{"x-woad-hops", "many"}}, "1"},
                        {{{"x-woad-hops", ""}}, "1"},
                        {{{"x-woad-hops", "-1"}}, "1"},
                        {{{"x-woad-hops", "3"}, {"x-woad-hops", "9"}}, "4"}};
  for (const Case& each : cases) {
    CAPTURE(each.after);
    TestRequest request("GET", "/", "price", each.fields);
    const auto refused = count_hop(request.head);
    CHECK(refused.has_value() == each.after.empty());
    if (refused) {
      CHECK(refused->code == ErrorCode::kLoop);
      CHECK(refused->effective_status() == 508);
    } else {
      CHECK(request.field("x-woad-hops") == each.after);
    }
  }
}

TEST_CASE("rules: CONNECT is for outbound listeners, and not for itself") {
  for (const Direction direction : {Direction::kInbound, Direction::kOutbound}) {
    for (const bool inside : {false, true}) {
      ListenerSpec listener;
      listener.direction = direction;
      const auto refused = check_connect(listener, inside);
      const bool served = direction == Direction::kOutbound && !inside;
      CHECK(refused.has_value() != served);
      if (!refused) continue;
      CHECK(refused->effective_status() == 405);
      CHECK(refused->code == ErrorCode::kBadRequest);
      CHECK(refused->close);
    }
  }
}

TEST_CASE("rules: opaque bytes go to services that can take them") {
  struct Case {
    std::string_view what;
    UpstreamProtocol protocol;
    bool tls;                 // the service is reached by TLS
    std::string_view opaque;  // ... and bytes that are no HTTP otherwise: by "mtls", in "plain"
    bool own_tls;             // the bytes are TLS
    bool served;
    bool by_address = false;  // the client called an address, else it named the service
  };
  const Case cases[] = {
      {"in the clear", UpstreamProtocol::kAuto, false, "", false, true},
      {"TLS of its own, in the clear", UpstreamProtocol::kHttp1, false, "", true, true},
      {"opaque, by mTLS", UpstreamProtocol::kTcp, true, "", false, true},
      {"TLS of its own, opaque by mTLS", UpstreamProtocol::kTcp, true, "", true, true},
      {"HTTP by mTLS", UpstreamProtocol::kAuto, true, "mtls", false, false},
      {"TLS of its own, HTTP by mTLS", UpstreamProtocol::kAuto, true, "mtls", true, false},
      {"HTTP by mTLS, by address", UpstreamProtocol::kAuto, true, "mtls", false, true, true},
      {"HTTP by TLS", UpstreamProtocol::kAuto, true, "plain", false, false},
      {"HTTP by TLS, by address", UpstreamProtocol::kAuto, true, "plain", false, false, true},
      {"TLS of its own in place of ours", UpstreamProtocol::kAuto, true, "plain", true, true},
  };
  const TlsContext::Ptr tls = test::workloads().price_context;
  const Headed called{.original = *Address::parse("10.0.0.1:80")};
  for (const Case& each : cases) {
    CAPTURE(each.what);
    const auto price = std::make_shared<Service>("price");
    price->protocol = each.protocol;
    Channel channel;
    if (each.tls) channel.tls = tls;
    if (!each.opaque.empty()) {
      channel.opaque =
          std::make_shared<const Channel>(Channel{.tls = each.opaque == "mtls" ? tls : nullptr});
    }
    price->channel = std::make_shared<const Channel>(std::move(channel));
    const ServiceEntry entry(price);
    TestRequest request("CONNECT", "", "price:443");
    request.head.protocol = Protocol::kTcp;
    request.head.scheme = each.own_tls ? "https" : "";
    const auto refused = check_service(&entry, request.head, each.by_address ? &called : nullptr);
    CHECK(refused.has_value() != each.served);
    if (refused) CHECK(refused->code == ErrorCode::kNoRoute);
  }
}

TEST_CASE("rules: rewriting the matched prefix") {
  struct Case {
    std::string_view prefix, to, path, after;
  };
  const Case cases[] = {{"/price/", "/", "/price/1", "/1"},
                        {"/price/", "/", "/price", "/"},
                        {"/price", "/", "/price/", "/"},
                        {"/price", "/", "/price?q=/price", "/?q=/price"},
                        {"/price", "/v2", "/price/1?q", "/v2/1?q"},
                        {"/price", "/v2/", "/price/1", "/v2/1"},
                        {"/price", "/v2/", "/price", "/v2"},
                        {"/", "/v2", "/", "/v2/"},
                        {"/", "/v2/", "/x", "/v2/x"},
                        {"/a/b", "/c", "/a/b//d", "/c//d"}};
  for (const Case& each : cases) {
    CAPTURE(each.path);
    CAPTURE(each.to);
    Route route;
    route.match.path = PathMatcher::prefix(std::string(each.prefix));
    route.rewrite_prefix = std::string(each.to);
    TestRequest request("GET", each.path);
    REQUIRE(route.match.path->matches(request.head.path_only()));
    rewrite_path(route, request.head);
    CHECK(request.head.path == each.after);
  }
}

TEST_CASE("rules: redirects keep what they do not name") {
  struct Case {
    Redirect redirect;
    std::string_view scheme, path, location;
  };
  const Case cases[] = {
      {{"", "", "", 308}, "", "/a?b=c", "http://shop:80/a?b=c"},
      {{"https", "", "", 301}, "http", "/a", "https://shop/a"},
      {{"", "other", "", 302}, "https", "/a", "https://other/a"},
      {{"", "", "/x", 307}, "http", "/a?b", "http://shop:80/x?b"},
      {{"https", "other", "/x", 308}, "http", "/a", "https://other/x"},
  };
  for (const Case& each : cases) {
    TestRequest request("GET", each.path, "shop:80");
    request.head.scheme = each.scheme;
    Route route;
    route.action = each.redirect;
    const LocalReply reply = configured_answer(route, request.head);
    CHECK(reply.location == each.location);
    CHECK(reply.effective_status() == each.redirect.status);
    CHECK(reply.code == ErrorCode::kNone);
  }
  TestRequest old("GET", "/", "");
  Route nowhere;
  nowhere.action = Redirect{"https", "", "", 308};
  CHECK(configured_answer(nowhere, old.head).effective_status() == 400);
  Route route;
  route.action = Respond{503, "promotions are off"};
  const LocalReply reply = configured_answer(route, TestRequest().head);
  CHECK(reply.status == 503);
  CHECK(reply.body == "promotions are off");
}

TEST_CASE("rules: a redirect to another scheme leaves the old one's port behind") {
  struct Case {
    std::string_view scheme, authority, location;
  };
  const Case cases[] = {
      {"https", "shop", "https://shop/s"},
      {"https", "shop:80", "https://shop/s"},
      {"https", "shop:080", "https://shop/s"},
      {"https", "shop:", "https://shop/s"},
      {"https", "shop:8080", "https://shop:8080/s"},
      {"https", "shop:443", "https://shop:443/s"},
      {"https", "shop.:80", "https://shop./s"},
      {"https", "[::1]:80", "https://[::1]/s"},
      {"https", "[::80]", "https://[::80]/s"},
      {"https", "[::1]:8080", "https://[::1]:8080/s"},
      {"http", "shop:443", "http://shop/s"},
      {"http", "shop:80", "http://shop:80/s"},
      {"http", "[::1]:443", "http://[::1]/s"},
      {"", "shop:80", "http://shop:80/s"},
      {"", "shop:443", "http://shop:443/s"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.scheme);
    CAPTURE(each.authority);
    TestRequest request("GET", "/s", each.authority);
    Route route;
    route.action = Redirect{std::string(each.scheme), "", "", 308};
    CHECK(configured_answer(route, request.head).location == each.location);
    route.action = Redirect{std::string(each.scheme), "other:80", "", 308};
    CHECK(configured_answer(route, request.head).location.ends_with("://other:80/s"));
  }
}

TEST_CASE("rules: x-forwarded-for gets the client behind what came") {
  struct Case {
    Fields fields;
    std::string_view peer, after;
  };
  const Case cases[] = {
      {{}, "10.0.0.1:5000", "10.0.0.1"},
      {{{"X-Forwarded-For", "1.1.1.1"}}, "10.0.0.1:5000", "1.1.1.1, 10.0.0.1"},
      {{{"x-forwarded-for", "1.1.1.1, 2.2.2.2"}, {"X-FORWARDED-FOR", "3.3.3.3"}},
       "10.0.0.1:5000",
       "1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.1"},
      {{}, "[::1]:5000", "::1"},
  };
  for (const Case& each : cases) {
    TestRequest request("GET", "/", "price", each.fields);
    append_forwarded_for(request.head, *Address::parse(each.peer));
    CHECK(request.field("x-forwarded-for") == each.after);
  }
}

TEST_CASE("rules: no service, or one that HTTP cannot reach") {
  TestRequest request("GET", "/", "nowhere");
  const auto none = check_service(nullptr, request.head, nullptr);
  REQUIRE(none);
  CHECK(none->code == ErrorCode::kNoRoute);
  CHECK(none->details == "no service or route for host nowhere");
  const auto db = std::make_shared<Service>("db");
  const ServiceEntry entry(db);
  CHECK_FALSE(check_service(&entry, request.head, nullptr));
  db->protocol = UpstreamProtocol::kTcp;
  const auto opaque = check_service(&entry, request.head, nullptr);
  REQUIRE(opaque);
  CHECK(opaque->code == ErrorCode::kNoRoute);
}

TEST_CASE("rules: plaintext, by the listener's mtls and its probes") {
  struct Case {
    Mtls mtls;
    std::string_view method, path;
    bool let_in, probe;
  };
  const Case cases[] = {
      {Mtls::kOff, "GET", "/", true, false},
      {Mtls::kPermissive, "GET", "/", true, false},
      // Only what strict lets in needs to be told apart from what proved an identity.
      {Mtls::kPermissive, "GET", "/healthz", true, false},
      {Mtls::kStrict, "GET", "/", false, false},
      {Mtls::kStrict, "GET", "/healthz", true, true},
      {Mtls::kStrict, "HEAD", "/healthz", true, true},
      {Mtls::kStrict, "GET", "/ready", true, true},
      {Mtls::kStrict, "POST", "/healthz", false, false},
      {Mtls::kStrict, "OPTIONS", "/healthz", false, false},
      {Mtls::kStrict, "get", "/healthz", false, false},
      {Mtls::kStrict, "GET", "/healthz/", false, false},
      {Mtls::kStrict, "GET", "/healthz?x", false, false},
      {Mtls::kStrict, "GET", "/healthz?", false, false},
      {Mtls::kStrict, "GET", "/Healthz", false, false},
      {Mtls::kStrict, "GET", "/%68ealthz", false, false},
      {Mtls::kStrict, "GET", "//healthz", false, false},
      {Mtls::kStrict, "GET", "/x/../healthz", false, false},
      {Mtls::kStrict, "GET", "healthz", false, false},
  };
  ListenerSpec listener;
  listener.name = "0.0.0.0:15006";
  listener.probe_paths = {"/healthz", "/ready"};
  for (const Case& each : cases) {
    CAPTURE(static_cast<int>(each.mtls));
    CAPTURE(each.method);
    CAPTURE(each.path);
    listener.mtls = each.mtls;
    TestRequest request(each.method, each.path);
    ExchangeInfo info;
    if (each.mtls == Mtls::kStrict) CHECK(is_probe(listener, request.head) == each.probe);
    const auto refused = check_plaintext(listener, request.head, info);
    CHECK(refused.has_value() == !each.let_in);
    CHECK(info.probe == each.probe);
    if (!refused) continue;
    CHECK(refused->code == ErrorCode::kMtlsRequired);
    CHECK(refused->effective_status() == 403);
    CHECK(refused->close);
    CHECK(refused->details ==
          "the request came in plaintext, and inbound 0.0.0.0:15006 has mtls: strict");
  }
}

}  // namespace
