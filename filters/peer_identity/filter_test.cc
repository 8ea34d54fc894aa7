#include "filters/peer_identity/filter.h"

#include <doctest/doctest.h>

#include "proxy/http/validate.h"
#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Bench = test::FilterBench<PeerIdentityFilter>;

constexpr std::string_view kField = "x-forwarded-client-cert";
constexpr std::string_view kOurs =
    "By=spiffe://example.org/ns/shop/sa/cart;Hash=0a1b;URI=spiffe://example.org/ns/shop/sa/web";

void introduce(ExchangeInfo& info) {
  info.direction = Direction::kInbound;
  info.principal = "spiffe://example.org/ns/shop/sa/web";
  info.peer_certificate = "0a1b";
  info.own_id = "spiffe://example.org/ns/shop/sa/cart";
}

TEST_CASE("peer_identity: the app is told what the handshake proved, and nothing else") {
  struct Case {
    std::string_view what;
    bool known;
    bool forward;
    bool probe;
    std::string_view expected;
  };
  const Case cases[] = {
      {"a known peer", true, true, false, kOurs},
      {"a known peer, not to be told", true, false, false, "(none)"},
      {"a probe", false, true, true, "(none)"},
      {"a probe over TLS", true, true, true, "(none)"},
      {"a peer without an identity", false, true, false, "(none)"},
      {"neither", false, false, false, "(none)"},
  };
  const std::vector<std::vector<std::string_view>> forged{
      {},
      {kField},
      {"X-Forwarded-Client-Cert"},
      {"X-FORWARDED-CLIENT-CERT", "x-forwarded-client-cert", "X-Forwarded-client-Cert"}};
  for (const Case& each : cases) {
    for (const auto& names : forged) {
      CAPTURE(each.what);
      CAPTURE(names.size());
      Bench bench({.forward_client_cert = each.forward});
      if (each.known) introduce(bench.info);
      bench.info.probe = each.probe;
      bench.request.headers.add("x-first", "1");
      for (const std::string_view name : names) {
        bench.request.headers.add(name, "By=spiffe://evil/x;Hash=00;URI=spiffe://evil/admin");
      }
      bench.request.headers.add("x-last", "2");
      CHECK(bench.filter().on_request_head(bench.request, true).kind() == HeadVerdict::Kind::kGo);
      CHECK(bench.field(kField) == each.expected);
      CHECK(bench.field("x-first") == "1");
      CHECK(bench.field("x-last") == "2");
    }
  }
}

TEST_CASE("peer_identity: what codecs see to before and after it") {
  CHECK(is_always_end_to_end(kField, header_id(kField)));
  CHECK(is_always_end_to_end("X-Forwarded-Client-Cert", HeaderId::kOther));
  CHECK(forbidden_in_trailers(kField, header_id(kField)));
  for (const std::string_view twin : {"x_forwarded_client_cert", "X-Forwarded_Client-Cert"}) {
    CAPTURE(twin);
    CHECK(forbidden_in_trailers(twin, HeaderId::kOther));
    Bench bench;
    bench.request.headers.add(twin, "forged");
    const auto refusal = validate_request(bench.request, HttpLimits{});
    REQUIRE(refusal);
    CHECK(refusal->reply.effective_status() == 400);
  }
}

TEST_CASE("peer_identity: settings") {
  const auto off = test::decode<PeerIdentityFilter>("forward_client_cert: false");
  CHECK(off.errors == "");
  CHECK_FALSE(off.settings.forward_client_cert);
  CHECK(PeerIdentitySettings().forward_client_cert);
  CHECK(
      test::decode<PeerIdentityFilter>("forward_client_certs: true").errors.find("did you mean") !=
      std::string::npos);
}

}  // namespace
}  // namespace woad
