// The promise of filters/README.md: a filter with a metric, an error and a wait of its own is one
// folder and one line.
#include <doctest/doctest.h>

#include "proxy/observe/prometheus.h"
#include "tests/exchange/rig.h"
#include "tests/newcomer/registry.h"

using namespace woad;
using namespace woad::test;

namespace {

// No `filters`: the line of the registry puts it into the default chain.
constexpr std::string_view kHead = R"(node: { service: cart }
outbound: [ { address: 127.0.0.1:15001 } ]
)";
constexpr std::string_view kServices = R"(services:
  price: { protocol: http1, endpoints: [ { address: 127.0.0.1:9001 } ], filters: { color_gate: { closed: [red] } } }
  slow:
    protocol: http1
    endpoints: [ { address: 127.0.0.1:9002 } ]
    filters: { color_gate: { wait: 250ms, closed: [red] } }
)";

// Fields that dye a request.
Fields dyed(std::string_view color) {
  return color.empty() ? Fields{} : Fields{{"x-woad-color", std::string(color)}};
}

TEST_CASE("newcomer: an error of its own in every shape") {
  for (const bool grpc : {false, true}) {
    CAPTURE(grpc);
    ExchangeRig rig(kServices, kHead, newcomer_registry());
    Fields fields = dyed("red");
    if (grpc) fields.emplace_back("content-type", "application/grpc");
    rig.client.keeps_fields = true;
    rig.request("GET", "/", true, fields);
    CHECK(rig.client.log == (grpc ? "200 gate_closed | end" : "423 gate_closed | end"));
    CHECK(rig.client.fields.find("proxy-status: woad; error=http_request_denied; details=\"the "
                                 "gate is closed for this colour (color_gate.closed)\"\n") !=
          std::string::npos);
    CHECK((rig.client.fields.find("grpc-status: 9\n") != std::string::npos) == grpc);
    if (!grpc) CHECK(rig.client.body.ends_with("Ask for the gate of this colour to be opened.\n"));
    CHECK(rig.dials() == 0);
    rig.finish();
    bool counted = false;
    for (const auto& series : rig.metrics.snapshot().series) {
      counted =
          counted || (series.family == Family::kRequests && series.labels[4] == "gate_closed");
    }
    CHECK(counted);
  }
}

TEST_CASE("newcomer: it waits for its timer, and what comes behind waits too") {
  ExchangeRig rig(kServices, kHead, newcomer_registry());
  SUBCASE("and goes on") {
    rig.request("POST", "/", false, {}, "slow");
    rig.data("abc", true);
    rig.world.pass(milliseconds(249));
    CHECK(rig.dials() == 0);
    rig.world.pass(milliseconds(3));
    REQUIRE(rig.dials() == 1);
    MemoryPeer& up = rig.accept(0);
    CHECK(up.received().ends_with("3\r\nabc\r\n0\r\n\r\n"));
    up.send(answer("ok"));
    CHECK(rig.client.body == "ok");
  }
  SUBCASE("or refuses") {
    rig.request("GET", "/", true, dyed("red"), "slow");
    CHECK(rig.client.log.empty());
    rig.world.pass(milliseconds(252));
    CHECK(rig.client.log == "423 gate_closed | end");
  }
  SUBCASE("or its client goes") {
    rig.request("GET", "/", true, {}, "slow");
    rig.sink().on_reset(ResetReason::kCancel, "gone");
    rig.world.pass(seconds(1));
    CHECK(rig.dials() == 0);
  }
  rig.finish();
}

TEST_CASE("newcomer: its metric is on /metrics, behind those of woad") {
  ExchangeRig rig(kServices, kHead, newcomer_registry());
  for (const std::string_view color : {"blue", "", "blue"}) {
    rig.client = ClientWriter();
    rig.request("GET", "/", true, dyed(color));
    rig.world.dialer.fail(rig.dials() - 1);
    rig.finish();
  }
  MetricsSnapshot two = rig.metrics.snapshot();
  two.merge(rig.metrics.snapshot());  // as of another worker
  const std::string text = render_metrics(two, {}, Exposition::kPrometheus);
  const std::string expected =
      "# HELP color_gate_requests_total Requests that came to the gate, by colour.\n"
      "# TYPE color_gate_requests_total counter\n"
      "color_gate_requests_total{color=\"base\"} 2\n"
      "color_gate_requests_total{color=\"blue\"} 4\n";
  const size_t at = text.find(expected);
  REQUIRE(at != std::string::npos);
  CHECK(text.find("# HELP woad_requests_total") < at);
}

}  // namespace
