#include "proxy/context/carriers.h"

#include <doctest/doctest.h>

#include "tests/support/context_system.h"
#include "tests/support/request_head.h"

using namespace woad;
using test::TestRequest;

namespace {

int64_t unplanted(const WorkerMetrics& metrics, std::string_view carrier) {
  for (const auto& series : metrics.snapshot().series) {
    const bool ours = series.family == Family::kContextUnplanted;
    if (ours && series.labels[0] == carrier) return series.value;
  }
  return 0;
}

TEST_CASE("carriers: planting says the same in all of them") {
  const ContextSystem system = test::make_context_system();
  WorkerMetrics metrics;
  TestRequest request("GET", "/", "price",
                      {{"X-Woad-Color", "blue"},
                       {"baggage", "a=1,woad.color=blue"},
                       {"tracestate", "x=1,woad=c:blue"}});
  plant_context(request.head.headers, {"red", "acme"}, system.rules, metrics);
  CHECK(request.field("x-woad-color") == "red");
  CHECK(request.field("x-woad-tenant") == "acme");
  CHECK(request.field("baggage") == "a=1,woad.color=red,woad.tenant=acme");
  CHECK(request.field("tracestate") == "woad=c:red;t:acme,x=1");
  CHECK(unplanted(metrics, "baggage") == 0);
}

TEST_CASE("carriers: those switched off stay as they came") {
  ContextSystem system = test::make_context_system();
  system.rules.baggage = false;
  system.rules.tracestate = false;
  WorkerMetrics metrics;
  TestRequest request("GET", "/", "price", {{"baggage", "a=1"}});
  plant_context(request.head.headers, {"red", ""}, system.rules, metrics);
  CHECK(request.field("x-woad-color") == "red");
  CHECK(request.field("x-woad-tenant") == "(none)");
  CHECK(request.field("baggage") == "a=1");
  CHECK(request.field("tracestate") == "(none)");
}

TEST_CASE("carriers: what does not fit is left out and counted") {
  const ContextSystem system = test::make_context_system();
  WorkerMetrics metrics;
  std::string state;
  for (int i = 0; i < 32; ++i) state += (i == 0 ? "k" : ",k") + std::to_string(i) + "=v";
  const std::string baggage = "k=" + std::string(8180, 'v');
  TestRequest request("GET", "/", "price", {{"baggage", baggage}, {"tracestate", state}});
  plant_context(request.head.headers, {"red", ""}, system.rules, metrics);
  CHECK(request.field("x-woad-color") == "red");
  CHECK(request.field("baggage") == baggage);
  CHECK(request.field("tracestate") == state);
  CHECK(unplanted(metrics, "baggage") == 1);
  CHECK(unplanted(metrics, "tracestate") == 1);

  const std::string unreadable = "user=\"a b\" , x";
  TestRequest other("GET", "/", "price", {{"baggage", unreadable}});
  plant_context(other.head.headers, {"red", ""}, system.rules, metrics);
  CHECK(other.field("baggage") == unreadable);
  CHECK(unplanted(metrics, "baggage") == 2);
  plant_context(other.head.headers, {}, system.rules, metrics);
  CHECK(unplanted(metrics, "baggage") == 2);
}

TEST_CASE("carriers: nothing of ours goes to services that are not ours") {
  const ContextSystem system = test::make_context_system();
  TestRequest request("GET", "/", "api.example.org",
                      {{"x-woad-color", "red"},
                       {"X-Env", "red"},
                       {"x-woad-tenant", "acme"},
                       {"X-User-Id", "u"},
                       {"x-woad-hops", "2"},
                       {"x-woad-timeout-ms", "100"},
                       {"baggage", "woad.color=red"},
                       {"tracestate", "woad=c:red,x=1"},
                       {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                       {"x-request-id", "r1"}});
  remove_context(request.head.headers, system.rules.names);
  CHECK(request.head.headers.size() == 3);
  CHECK(request.field("tracestate") == "x=1");
  CHECK(request.field("x-request-id") == "r1");
  CHECK(request.field("traceparent") != "(none)");
}

}  // namespace
