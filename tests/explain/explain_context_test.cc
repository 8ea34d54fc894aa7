#include <algorithm>

#include "proxy/admin/context.h"
#include "proxy/explain/explain.h"
#include "proxy/server/process_metrics.h"
#include "tests/server/testing.h"

namespace woad {
namespace {

constexpr char kConfig[] = R"(
node: { service: cart, labels: { color: green } }
outbound:
  - { address: 127.0.0.1:15001 }
dye:
  - match: { path: { prefix: /never } }
    set: { color: blue }
  - match: { headers: { x-qa: { present: true } } }
    set: { color: blue }
    percent: 0%
  - match: { headers: { x-qa: { exact: "1" } } }
    set: { color: red }
services:
  price:
    endpoints:
      - { address: 127.0.0.1:9001 }
      - { address: 127.0.0.1:9002, labels: { color: red } }
)";

constexpr std::string_view kTrace = "0af7651916cd43dd8448eb211c80319c";

Explanation explained(const Snapshot& snapshot,
                      std::vector<std::pair<std::string, std::string>> headers) {
  auto result = explain(snapshot, {.url = "http://price/x", .headers = std::move(headers)});
  REQUIRE(result);
  return *result;
}

bool says(const Explanation& explanation, std::string_view part) {
  return std::any_of(explanation.steps.begin(), explanation.steps.end(),
                     [&](const std::string& step) { return step.find(part) != std::string::npos; });
}

TEST_CASE("explain: where the colour comes from") {
  const auto snapshot = snapshot_of(kConfig);
  const ContextTable::Ticket ticket = snapshot->context.table->record(
      std::array{snapshot->context.table->header_key("x-request-id", "r1")},
      {.values = {"red", "acme"}}, MonoTime());
  struct Case {
    std::vector<std::pair<std::string, std::string>> headers;
    const char* color;
    const char* source;
    const char* step;
  };
  const Case cases[] = {
      {{{"x-woad-color", "red"}}, "red", "header", "colour red from the request's header"},
      {{{"baggage", "woad.color=red"}}, "red", "baggage", "from the request's baggage"},
      {{{"tracestate", "woad=c:red"}}, "red", "tracestate", "from the request's tracestate"},
      {{{"x-request-id", "r1"}}, "red", "table", "colour red, tenant acme from the inbound"},
      {{{"x-qa", "1"}}, "red", "dye", "dye[2]: matches"},
      {{{"x-qa", "1"}}, "red", "dye", "dye[0]: no: "},
      {{{"x-qa", "1"}}, "red", "dye", "dye[1]: matches, but the request does not fall into its 0%"},
      {{}, "green", "instance", "this pod's own"},
      {{{"x-woad-color", "r d"}}, "green", "instance", "is not a valid colour"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.step);
    const Explanation explanation = explained(*snapshot, each.headers);
    CHECK(explanation.color == each.color);
    CHECK(explanation.source == each.source);
    CHECK(says(explanation, each.step));
  }
}

TEST_CASE("explain: rules are not listed when the colour is known") {
  const auto snapshot = snapshot_of(kConfig);
  CHECK_FALSE(says(explained(*snapshot, {{"x-woad-color", "red"}, {"x-qa", "1"}}), "dye["));
}

TEST_CASE("/context: what an id stands for") {
  const auto snapshot = snapshot_of(kConfig);
  const ContextSystem& system = snapshot->context;
  const TraceId trace = *parse_trace_id(kTrace);
  const std::array ids{system.table->trace_key(trace),
                       system.table->header_key("x-request-id", "r1")};
  const CarriedHeader carried[] = {{"x-user", "u"}, {"x-token", "secret"}};
  auto ticket =
      system.table->record(ids, {.values = {"red", ""}, .carried = carried, .trace = trace}, {});
  const std::string parent = "00-" + std::string(kTrace) + "-b7ad6b7169203331-01";
  for (const std::string& id : {std::string(kTrace), parent, std::string("r1")}) {
    CAPTURE(id);
    const auto json = context_json(system, id, MonoTime());
    REQUIRE(json);
    CHECK(json->find("\"color\": \"red\"") != std::string::npos);
    CHECK(json->find("\"active\": 1") != std::string::npos);
    CHECK(json->find("\"value\": \"u\"") != std::string::npos);
    CHECK(json->find("secret") == std::string::npos);
  }
  CHECK_FALSE(context_json(system, "r2", MonoTime()));
  CHECK_FALSE(context_json(system, "", MonoTime()));
  const auto blue = system.table->record(ids, {.values = {"blue", ""}}, {});
  const auto ambiguous = context_json(system, "r1", MonoTime());
  REQUIRE(ambiguous);
  CHECK(ambiguous->find("\"ambiguous\": true") != std::string::npos);
  CHECK(ambiguous->find("color") == std::string::npos);
}

TEST_CASE("/metrics: the context table") {
  const auto snapshot = snapshot_of(kConfig);
  const ContextTable& table = *snapshot->context.table;
  const auto ticket = snapshot->context.table->record(
      std::array{table.header_key("x-request-id", "r1")}, {.values = {"red", ""}}, MonoTime());
  const auto families = context_metrics(table.counters());
  const auto value = [&](std::string_view name) {
    for (const ExtraFamily& family : families) {
      if (family.name == name) return family.samples[0].value;
    }
    return -1.0;
  };
  CHECK(value("woad_context_table_entries") == 1);
  CHECK(value("woad_context_table_evictions_total") == 0);
  CHECK(value("woad_context_table_conflicts_total") == 0);
}

}  // namespace
}  // namespace woad
