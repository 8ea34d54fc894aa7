#include "filters/context/filter.h"

#include <doctest/doctest.h>

#include "proxy/context/admission.h"
#include "proxy/context/trace_ids.h"
#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;
using Bench = test::FilterBench<ContextFilter>;

constexpr std::string_view kTrace = "0af7651916cd43dd8448eb211c80319c";
const std::string kParent = "00-" + std::string(kTrace) + "-b7ad6b7169203331-01";
const std::string kUuid = "2f1b4a50-7f52-4a8b-9c3e-0d9a7f1c2b3d";

// A pod whose requests share one context system and one clock.
struct Pod {
  Pod() { contexts.rules.trust.set_plaintext(true); }

  std::unique_ptr<Bench> request(Direction direction, const Fields& fields) {
    auto bench = std::make_unique<Bench>();
    bench->contexts = contexts;
    bench->pass(clock);
    bench->info.direction = direction;
    for (const auto& [name, value] : fields) bench->request.headers.add_copy(name, value);
    read_trace(bench->request, bench->info.trace, bench->metrics);
    REQUIRE_FALSE(
        admit_context(bench->request, contexts.rules, bench->info, bench->metrics).has_value());
    REQUIRE(bench->filter().on_request_head(bench->request, true).kind() == HeadVerdict::Kind::kGo);
    AttemptPlan plan{bench->service, 1};
    REQUIRE(bench->filter().on_attempt(plan, bench->request).kind() == HeadVerdict::Kind::kGo);
    return bench;
  }
  std::unique_ptr<Bench> inbound(const Fields& fields) {
    return request(Direction::kInbound, fields);
  }
  std::unique_ptr<Bench> outbound(const Fields& fields) {
    return request(Direction::kOutbound, fields);
  }
  static void end(Bench& bench) {
    bench.info.end = bench.scheduler.now();
    bench.filter().on_end(bench.info);
  }

  ContextSystem contexts = test::make_context_system();
  Duration clock{};  // that went by since the first request
};

int64_t counted(const Bench& bench, Family family, std::string_view label = "") {
  for (const auto& series : bench.metrics.snapshot().series) {
    if (series.family == family && (label.empty() || series.labels[0] == label)) {
      return series.value;
    }
  }
  return 0;
}

TEST_CASE("context: inbound plants every carrier, and ids that are missing") {
  Pod pod;
  const auto in = pod.inbound({{"x-woad-color", "Red"}, {"x-woad-tenant", "acme"}});
  CHECK(in->field("x-woad-color") == "red");
  CHECK(in->field("x-woad-tenant") == "acme");
  CHECK(in->field("baggage") == "woad.color=red,woad.tenant=acme");
  CHECK(in->field("tracestate") == "woad=c:red;t:acme");
  CHECK(in->field("traceparent").size() == 55);
  CHECK(in->field("x-request-id").size() == 36);
  CHECK(in->info.context_source == ContextSource::kHeader);
}

TEST_CASE("context: an undyed inbound request gets ids and nothing else") {
  Pod pod;
  const auto in = pod.inbound({});
  CHECK(in->request.headers.size() == 2);
  CHECK(in->field("traceparent").size() == 55);
  CHECK(in->field("x-request-id").size() == 36);
  CHECK(pod.contexts.table->empty());
}

TEST_CASE("context: an app that passes on any one thing keeps its lane") {
  Pod pod;
  const auto in = pod.inbound({{"x-woad-color", "red"},
                               {"x-woad-tenant", "acme"},
                               {"x-user-id", "u1"},
                               {"x-user-id", "u2"},
                               {"traceparent", kParent},
                               {"x-request-id", kUuid}});
  struct Case {
    std::string_view what;
    Fields passed_on;
    ContextSource source;
    std::string_view color = "red";
    std::string_view tenant = "acme";
    std::string_view carried = "u1,u2";
  };
  const Case cases[] = {
      {"traceparent", {{"traceparent", kParent}}, ContextSource::kTable},
      {"a child span of its own",
       {{"traceparent", "00-" + std::string(kTrace) + "-00f067aa0ba902b7-00"}},
       ContextSource::kTable},
      {"b3", {{"b3", std::string(kTrace) + "-00f067aa0ba902b7-1"}}, ContextSource::kTable},
      {"x-b3-traceid", {{"x-b3-traceid", std::string(kTrace)}}, ContextSource::kTable},
      {"x-request-id", {{"x-request-id", kUuid}}, ContextSource::kTable},
      {"a trace of its own beside x-request-id",
       {{"traceparent", "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {"x-request-id", kUuid}},
       ContextSource::kTable},
      {"baggage",
       {{"baggage", "woad.color=red,woad.tenant=acme"}},
       ContextSource::kBaggage,
       "red",
       "acme",
       "(none)"},
      {"tracestate",
       {{"tracestate", "woad=c:red;t:acme"}},
       ContextSource::kTracestate,
       "red",
       "acme",
       "(none)"},
      {"the app overrides on purpose",
       {{"x-woad-color", "blue"}, {"traceparent", kParent}, {"x-user-id", "me"}},
       ContextSource::kHeader,
       "blue",
       "acme",
       "me"},
      {"nothing", {}, ContextSource::kNone, "", "", "(none)"},
      {"ids of nobody", {{"x-request-id", "other"}}, ContextSource::kNone, "", "", "(none)"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    const auto out = pod.outbound(each.passed_on);
    CHECK(out->info.context_source == each.source);
    CHECK(out->info.color == each.color);
    CHECK(out->info.tenant == each.tenant);
    CHECK(out->field("x-woad-color") == (each.color.empty() ? "(none)" : each.color));
    CHECK(out->field("x-user-id") == each.carried);
    CHECK(counted(*out, Family::kContext, to_string(each.source)) == 1);
    CHECK(counted(*out, Family::kContextUnattributed) ==
          (each.source == ContextSource::kNone ? 1 : 0));
  }
}

TEST_CASE("context: a trace that the app dropped is found again") {
  Pod pod;
  const auto in =
      pod.inbound({{"x-woad-color", "red"}, {"traceparent", kParent}, {"x-request-id", kUuid}});
  const auto by_request_id = pod.outbound({{"x-request-id", kUuid}});
  CHECK(by_request_id->field("traceparent").substr(3, 49) ==
        std::string(kTrace) + "-b7ad6b7169203331");
  const auto by_trace = pod.outbound({{"traceparent", kParent}});
  CHECK(by_trace->field("x-request-id") == kUuid);
  CHECK(by_trace->field("traceparent") == kParent);
}

TEST_CASE("context: the caller's deadline and try come back") {
  Pod pod;
  const auto in = std::make_unique<Bench>();
  in->contexts = pod.contexts;
  in->info.direction = Direction::kInbound;
  in->request.headers.add_copy("x-woad-color", "red");
  in->request.headers.add_copy("x-request-id", "r1");
  in->request.headers.add_copy("x-woad-attempt", "2");
  read_trace(in->request, in->info.trace, in->metrics);
  REQUIRE_FALSE(admit_context(in->request, pod.contexts.rules, in->info, in->metrics));
  CHECK(in->filter().on_request_head(in->request, true).kind() == HeadVerdict::Kind::kGo);
  in->info.deadline = in->scheduler.now() + seconds(2);  // as `timeout` found it
  AttemptPlan plan{in->service, 1};
  CHECK(in->filter().on_attempt(plan, in->request).kind() == HeadVerdict::Kind::kGo);
  const auto out = pod.outbound({{"x-request-id", "r1"}});
  CHECK(out->info.deadline == in->info.deadline);
  CHECK(out->info.caller_attempt == 2);
}

TEST_CASE("context: a request is remembered while it runs and lingers") {
  Pod pod;
  auto in = pod.inbound({{"x-woad-color", "red"}, {"x-request-id", "r1"}});
  const auto color_now = [&] {
    return std::string(pod.outbound({{"x-request-id", "r1"}})->info.color);
  };
  CHECK(color_now() == "red");
  pod.clock = hours(1);
  CHECK(color_now() == "red");
  in->pass(hours(1));
  Pod::end(*in);
  pod.clock = hours(1) + seconds(29);
  CHECK(color_now() == "red");
  pod.clock = hours(1) + seconds(31);
  CHECK(color_now() == "");
}

TEST_CASE("context: requests that no filter let pass are not remembered") {
  Pod pod;
  Bench bench;
  bench.contexts = pod.contexts;
  bench.info.direction = Direction::kInbound;
  bench.info.color = "red";
  CHECK(bench.filter().on_request_head(bench.request, true).kind() == HeadVerdict::Kind::kGo);
  CHECK(pod.contexts.table->empty());
}

TEST_CASE("context: an id of two colours leads nowhere, the next id may") {
  Pod pod;
  const auto red =
      pod.inbound({{"x-woad-color", "red"}, {"traceparent", kParent}, {"x-request-id", "r1"}});
  const auto blue =
      pod.inbound({{"x-woad-color", "blue"}, {"traceparent", kParent}, {"x-request-id", "r2"}});
  CHECK(pod.outbound({{"traceparent", kParent}})->info.color == "");
  CHECK(pod.outbound({{"traceparent", kParent}, {"x-request-id", "r1"}})->info.color == "red");
  CHECK(pod.outbound({{"traceparent", kParent}, {"x-request-id", "r2"}})->info.color == "blue");
}

TEST_CASE("context: an undyed request with the id of a dyed one makes it ambiguous") {
  Pod pod;
  const auto red = pod.inbound({{"x-woad-color", "red"}, {"x-request-id", "r1"}});
  const auto undyed = pod.inbound({{"x-request-id", "r1"}});
  CHECK(pod.outbound({{"x-request-id", "r1"}})->info.color == "");
}

TEST_CASE("context: a pod with a colour of its own") {
  Pod pod;
  pod.contexts.rules.instance_color = "red";
  pod.contexts.rules.remembers_undyed = true;
  const auto undyed = pod.inbound({{"x-request-id", "r1"}});
  SUBCASE("requests of no known origin take it") {
    const auto out = pod.outbound({});
    CHECK(out->info.color == "red");
    CHECK(out->info.context_source == ContextSource::kInstance);
    CHECK(out->field("x-woad-color") == "red");
  }
  SUBCASE("undyed requests that are known stay base") {
    const auto out = pod.outbound({{"x-request-id", "r1"}});
    CHECK(out->info.color == "");
    CHECK(out->info.context_source == ContextSource::kTable);
  }
}

TEST_CASE("context: of an undyed request its try alone is known") {
  Pod pod;
  DyeRule rule;
  rule.name = "dye[0]";
  rule.color = "canary";
  rule.match.headers.push_back({HeaderName("x-qa"), ValueMatcher::present(true)});
  pod.contexts.rules.dye.push_back(rule);
  for (const uint32_t attempt : {1U, 2U}) {
    CAPTURE(attempt);
    const std::string text = std::to_string(attempt);
    const auto in = pod.inbound({{"x-request-id", "r1"}, {"x-woad-attempt", text.c_str()}});
    const auto out = pod.outbound({{"x-request-id", "r1"}});
    CHECK(out->info.caller_attempt == attempt);
    CHECK(out->info.color == "");
    CHECK(pod.outbound({{"x-request-id", "r1"}, {"x-qa", "1"}})->info.color == "canary");
    Pod::end(*in);
  }
}

TEST_CASE("context: unanimity") {
  Pod pod;
  pod.contexts.rules.infer_unanimous = true;
  auto first = pod.inbound({{"x-woad-color", "red"}});
  const auto inferred = pod.outbound({});
  CHECK(inferred->info.color == "red");
  CHECK(inferred->info.context_source == ContextSource::kInferred);
  CHECK(counted(*inferred, Family::kContextUnattributed) == 0);
  const auto undyed = pod.inbound({});
  CHECK(pod.outbound({})->info.color == "");
}

TEST_CASE("context: dye rules") {
  Pod pod;
  DyeRule rule;
  rule.name = "dye[0]";
  rule.color = "canary";
  rule.tenant = "acme";
  rule.match.headers.push_back({HeaderName("x-qa"), ValueMatcher::present(true)});
  pod.contexts.rules.dye.push_back(rule);
  SUBCASE("inbound, on a request without a colour") {
    const auto in = pod.inbound({{"x-qa", "1"}});
    CHECK(in->info.color == "canary");
    CHECK(in->info.tenant == "acme");
    CHECK(in->info.context_source == ContextSource::kDye);
    CHECK(in->field("x-woad-color") == "canary");
    CHECK(in->field("baggage") == "woad.color=canary,woad.tenant=acme");
  }
  SUBCASE("never on one that has a colour") {
    CHECK(pod.inbound({{"x-qa", "1"}, {"x-woad-color", "red"}})->info.color == "red");
  }
  SUBCASE("outbound, before the pod's own colour") {
    pod.contexts.rules.instance_color = "red";
    CHECK(pod.outbound({{"x-qa", "1"}})->info.color == "canary");
    CHECK(pod.outbound({})->info.color == "red");
  }
}

TEST_CASE("context: a probe is neither dyed nor given context nor remembered") {
  for (const bool probe : {false, true}) {
    CAPTURE(probe);
    Pod pod;
    DyeRule rule;
    rule.color = "canary";
    pod.contexts.rules.dye.push_back(rule);
    Bench bench;
    bench.contexts = pod.contexts;
    bench.info.direction = Direction::kInbound;
    bench.info.probe = probe;
    bench.request.headers.add_copy("x-request-id", kUuid);
    read_trace(bench.request, bench.info.trace, bench.metrics);
    CHECK(bench.filter().on_request_head(bench.request, true).kind() == HeadVerdict::Kind::kGo);
    AttemptPlan plan{bench.service, 1};
    CHECK(bench.filter().on_attempt(plan, bench.request).kind() == HeadVerdict::Kind::kGo);
    CHECK(bench.info.color == (probe ? "" : "canary"));
    CHECK(bench.field("x-woad-color") == (probe ? "(none)" : "canary"));
    CHECK(bench.request.headers.size() == (probe ? 1 : 5));
    CHECK(pod.contexts.table->empty() == probe);
    CHECK(counted(bench, Family::kContext) == (probe ? 0 : 1));
    Pod::end(bench);
  }
}

TEST_CASE("context: nothing of it leaves for an external service") {
  Pod pod;
  const auto out = std::make_unique<Bench>();
  out->contexts = pod.contexts;
  out->service.external = true;
  for (const auto& [name, value] : Fields{{"x-woad-color", "red"},
                                          {"x-user-id", "u"},
                                          {"x-request-id", "r1"},
                                          {"baggage", "woad.color=red,a=b"}}) {
    out->request.headers.add_copy(name, value);
  }
  out->info.color = "red";
  read_trace(out->request, out->info.trace, out->metrics);
  CHECK(out->filter().on_request_head(out->request, true).kind() == HeadVerdict::Kind::kGo);
  AttemptPlan plan{out->service, 1};
  CHECK(out->filter().on_attempt(plan, out->request).kind() == HeadVerdict::Kind::kGo);
  CHECK(out->field("x-woad-color") == "(none)");
  CHECK(out->field("x-user-id") == "(none)");
  CHECK(out->field("baggage") == "a=b");
  CHECK(out->field("x-request-id") == "r1");
  CHECK(out->field("traceparent").size() == 55);
}

TEST_CASE("context: what is over the limits of carry is left out and counted") {
  Pod pod;
  const auto in = pod.inbound({{"x-woad-color", "red"},
                               {"x-request-id", "r1"},
                               {"x-user-id", std::string(1000, 'a')},
                               {"x-user-id", std::string(100, 'b')},
                               {"x-user-id", "c"}});
  CHECK(counted(*in, Family::kContextUnplanted, "carry") == 1);
  CHECK(pod.outbound({{"x-request-id", "r1"}})->field("x-user-id") ==
        std::string(1000, 'a') + ",c");
}

}  // namespace
}  // namespace woad
