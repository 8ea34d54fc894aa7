#include "filters/trace/filter.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/context/trace_ids.h"
#include "proxy/observe/span_queue.h"
#include "proxy/observe/trace_context.h"
#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

constexpr std::string_view kTraceText = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr TraceId kTrace{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736};
constexpr SpanId kCaller{0x00f067aa0ba902b7};
#define SAMPLED "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define UNSAMPLED "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
#define B3_IDS "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

// A span as the exporter reads it.
struct Seen {
  TraceId trace;
  SpanId id;
  SpanId parent;
  SpanKind kind{};
  SpanStatus status{};
  std::string name;
  std::string message;
  Duration length{};
  std::map<std::string, std::string> attributes;

  std::string operator[](const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? "(none)" : found->second;
  }
};

// An exchange as this filter sees it, from the reading of its head on.
struct Bench final : FilterHost {
  explicit Bench(Direction direction, const Fields& fields = {}, bool exported = true)
      : services{scheduler, random, metrics, contexts, exported ? &queue : nullptr} {
    queue.set_sample(1);
    info.direction = direction;
    info.request = &head;
    info.start = scheduler.now();
    info.start_wall = scheduler.wall();
    info.peer = "10.0.0.9:4711";
    info.service = direction == Direction::kInbound ? "cart" : "price";
    head.method_name = "GET";
    head.authority = "price.shop:8080";
    head.path = "/a/b?secret=1";
    for (const auto& [name, value] : fields) head.headers.add(name, value);
    read_trace(head, info.trace, metrics);
  }
  ~Bench() {
    if (filter_ != nullptr) filter_->~TraceFilter();
  }

  TraceFilter& filter() {
    if (filter_ == nullptr) filter_ = arena.make<TraceFilter>(context);
    return *filter_;
  }
  void request() { CHECK(filter().on_request_head(head, true).kind() == Verdict::Kind::kGo); }
  void attempt(uint32_t number, std::string_view host) {
    AttemptPlan plan{service, number};
    info.attempts = number;
    info.pool = "base";
    CHECK(filter().on_attempt(plan, head).kind() == Verdict::Kind::kGo);
    info.upstream_host = host;
  }
  void outcome(Outcome::Kind kind, int status = 0) {
    CHECK_FALSE(filter().on_outcome({.kind = kind, .status = status}).wants_again());
  }
  void end(int status, ErrorCode error = ErrorCode::kNone) {
    info.status = status;
    info.error = error;
    info.end = scheduler.now();
    filter().on_end(info);
  }
  void pass(Duration time) { scheduler.advance(scheduler.now() + time); }

  std::string field(std::string_view name) const {
    return test::FilterBench<TraceFilter>::field_of(head.headers, name);
  }
  // What the traceparent field says; the test fails when it is not valid.
  Traceparent parent() const {
    const auto read = parse_traceparent(field("traceparent"));
    REQUIRE(read);
    return *read;
  }
  std::vector<Seen> spans() {
    std::vector<Seen> all;
    for (; const Span* span = queue.front(); queue.pop()) {
      Seen seen{span->trace,
                span->id,
                span->parent,
                span->kind,
                span->status,
                std::string(span->name()),
                std::string(span->message()),
                Duration(static_cast<int64_t>(span->end_ns - span->start_ns)),
                {}};
      CHECK(span->left_out() == 0);
      span->for_each([&](SpanKey key, auto value) {
        if constexpr (std::is_same_v<decltype(value), uint64_t>) {
          seen.attributes[std::string(to_string(key))] = std::to_string(value);
        } else {
          seen.attributes[std::string(to_string(key))] = value;
        }
      });
      all.push_back(std::move(seen));
    }
    return all;
  }

  const void* filter_settings(size_t) override { return &settings; }
  void* filter_state(size_t) override { return nullptr; }
  void filter_resume(size_t) override {}
  void filter_reply(LocalReply) override {}

  TraceSettings settings;
  ArenaPool arenas;
  Arena arena{arenas};
  Scheduler scheduler{MonoTime(hours(5)), WallTime(seconds(1'800'000'000))};
  Random random{7};
  WorkerMetrics metrics;
  ContextSystem contexts = test::make_context_system();
  SpanQueue queue{16, 16, [] {}};
  ExchangeInfo info;
  RequestHead head{arena};
  test::FakeService service;
  FilterServices services;
  FilterContext context{*this, 0, info, arena, services};
  TraceFilter* filter_ = nullptr;
};

TEST_CASE("trace: what passes when nothing is recorded") {
  struct Row {
    std::string_view what;
    Fields fields;
    bool exported;
    double sample;
    std::string_view traceparent;  // "": one that was made
    bool made_sampled;
  };
  const Row rows[] = {
      {"sampled, nobody exports", {{"traceparent", SAMPLED}}, false, 1, SAMPLED, {}},
      {"not sampled", {{"traceparent", UNSAMPLED}}, true, 1, UNSAMPLED, {}},
      {"unknown flags", {{"traceparent", "00-" B3_IDS "-fc"}}, true, 1, "00-" B3_IDS "-fc", {}},
      {"a later version",
       {{"traceparent", "cc-" B3_IDS "-00-more"}},
       true,
       1,
       "cc-" B3_IDS "-00-more",
       {}},
      {"b3 denies", {{"b3", "0"}}, true, 1, "", false},
      {"b3 denies, with ids", {{"b3", B3_IDS "-0"}}, true, 1, UNSAMPLED, {}},
      {"nothing came, share 0", {}, true, 0, "", false},
      {"nothing came, nobody exports", {}, false, 0, "", false},
      {"nothing came, nobody exports, share 1", {}, false, 1, "", true},
      {"b3 accepts, nobody exports", {{"b3", B3_IDS "-1"}}, false, 0, SAMPLED, {}},
  };
  for (const Row& row : rows) {
    for (const Direction direction : {Direction::kInbound, Direction::kOutbound}) {
      CAPTURE(row.what);
      Bench bench(direction, row.fields, row.exported);
      bench.settings.sample = config::Share{row.sample};
      bench.request();
      bench.attempt(1, "10.0.0.1:80");
      bench.outcome(Outcome::Kind::kAccepted, 200);
      bench.end(200);
      if (row.traceparent.empty()) {
        CHECK(bench.parent().sampled() == row.made_sampled);
        CHECK(bench.parent().trace == bench.info.trace.trace);
      } else {
        CHECK(bench.field("traceparent") == row.traceparent);
      }
      for (const auto& [name, value] : row.fields) CHECK(bench.field(name) == value);
      CHECK(bench.field("x-request-id") == bench.info.trace.request_id);
      CHECK_FALSE(bench.info.trace.span.valid());
      CHECK(bench.spans().empty());
    }
  }
}

TEST_CASE("trace: inbound is one server span, and the app's parent") {
  Bench bench(Direction::kInbound, {{"traceparent", SAMPLED}, {"x-request-id", "id-1"}});
  bench.info.color = "red";
  bench.info.tenant = "acme";
  bench.info.context_source = ContextSource::kHeader;
  bench.request();
  CHECK(bench.parent() == Traceparent{kTrace, bench.info.trace.span, Traceparent::kSampled});
  CHECK_FALSE(bench.info.trace.span == kCaller);
  bench.attempt(1, "127.0.0.1:8080");
  CHECK(bench.parent().parent == bench.info.trace.span);
  bench.outcome(Outcome::Kind::kAccepted, 200);
  bench.pass(milliseconds(12));
  bench.end(200);
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 1);
  const Seen& span = spans[0];
  CHECK(span.trace == kTrace);
  CHECK(span.id == bench.info.trace.span);
  CHECK(span.parent == kCaller);
  CHECK(span.kind == SpanKind::kServer);
  CHECK(span.status == SpanStatus::kUnset);
  CHECK(span.name == "GET");
  CHECK(span.length == milliseconds(12));
  const std::map<std::string, std::string> expected = {
      {"http.response.status_code", "200"},
      {"http.request.method", "GET"},
      {"server.address", "price.shop"},
      {"server.port", "8080"},
      {"url.scheme", "http"},
      {"url.path", "/a/b"},
      {"network.protocol.version", "1.1"},
      {"client.address", "10.0.0.9"},
      {"woad.direction", "inbound"},
      {"woad.service", "cart"},
      {"woad.pool", "base"},
      {"woad.pool_reason", "undyed"},
      {"woad.color", "red"},
      {"woad.tenant", "acme"},
      {"woad.ctx_source", "header"},
      {"woad.upstream_host", "127.0.0.1:8080"},
      {"woad.request_id", "id-1"},
  };
  CHECK(span.attributes == expected);
}

TEST_CASE("trace: outbound is a client span with one below it for each try") {
  Bench bench(Direction::kOutbound, {{"traceparent", SAMPLED}});
  bench.request();
  const SpanId exchange = bench.info.trace.span;
  CHECK(bench.parent().parent == exchange);
  bench.attempt(1, "10.0.0.1:80");
  const SpanId first = bench.parent().parent;
  bench.pass(milliseconds(5));
  bench.outcome(Outcome::Kind::kConnectFailed);
  bench.pass(milliseconds(25));
  bench.attempt(2, "[::1]:81");
  const SpanId second = bench.parent().parent;
  bench.pass(milliseconds(3));
  bench.outcome(Outcome::Kind::kAccepted, 404);
  bench.pass(milliseconds(4));
  bench.end(404);
  CHECK(bench.parent().trace == kTrace);
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 3);
  CHECK(spans[0].id == first);
  CHECK(spans[1].id == second);
  CHECK(spans[2].id == exchange);
  CHECK_FALSE(first == second);
  CHECK(spans[0].parent == exchange);
  CHECK(spans[1].parent == exchange);
  CHECK(spans[2].parent == kCaller);
  for (const Seen& span : spans) {
    CHECK(span.trace == kTrace);
    CHECK(span.kind == SpanKind::kClient);
    CHECK(span.status == SpanStatus::kError);
    CHECK(span.name == "GET price");
    CHECK(span["woad.direction"] == "outbound");
    CHECK(span["url.path"] == "/a/b");
    CHECK(span["woad.color"] == "base");
  }
  CHECK(spans[0].length == milliseconds(5));
  CHECK(spans[0]["error.type"] == "connect_failed");
  CHECK(spans[0]["http.response.status_code"] == "(none)");
  CHECK(spans[0]["server.address"] == "10.0.0.1");
  CHECK(spans[0]["server.port"] == "80");
  CHECK(spans[0]["woad.attempt"] == "1");
  CHECK(spans[0]["http.request.resend_count"] == "(none)");
  CHECK(spans[1].length == milliseconds(7));
  CHECK(spans[1]["error.type"] == "404");
  CHECK(spans[1]["server.address"] == "::1");
  CHECK(spans[1]["woad.attempt"] == "2");
  CHECK(spans[1]["http.request.resend_count"] == "1");
  CHECK(spans[2].length == milliseconds(37));
  CHECK(spans[2]["error.type"] == "404");
  CHECK(spans[2]["woad.attempt"] == "(none)");
}

TEST_CASE("trace: a try that was accepted and tried again all the same") {
  Bench bench(Direction::kOutbound, {{"traceparent", SAMPLED}});
  bench.request();
  bench.attempt(1, "10.0.0.1:80");
  bench.pass(milliseconds(1));
  bench.outcome(Outcome::Kind::kAccepted, 503);
  bench.pass(milliseconds(50));
  bench.attempt(2, "10.0.0.2:80");
  bench.outcome(Outcome::Kind::kAccepted, 200);
  bench.end(200);
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 3);
  CHECK(spans[0].length == milliseconds(1));
  CHECK(spans[0]["error.type"] == "503");
  CHECK(spans[0]["server.address"] == "10.0.0.1");
  CHECK(spans[1].status == SpanStatus::kUnset);
  CHECK(spans[1]["error.type"] == "(none)");
  CHECK(spans[2].status == SpanStatus::kUnset);
}

TEST_CASE("trace: who is the parent") {
  struct Row {
    std::string_view what;
    Fields fields;
    ContextSource source;
    SpanId repaired;  // what `context` put there
    SpanId expected;  // of the exchange's span
  };
  const Row rows[] = {
      {"the caller", {{"traceparent", SAMPLED}}, ContextSource::kNone, {}, kCaller},
      {"the caller, by b3", {{"b3", B3_IDS "-1"}}, ContextSource::kNone, {}, kCaller},
      {"nobody", {}, ContextSource::kNone, {}, {}},
      {"nobody: the parent was made", {}, ContextSource::kNone, {9}, {}},
      {"the inbound request", {}, ContextSource::kTable, {9}, {9}},
      {"the caller, though the table knows more",
       {{"traceparent", SAMPLED}},
       ContextSource::kTable,
       {},
       kCaller},
      {"an id without a parent", {{"x-b3-traceid", kTraceText}}, ContextSource::kNone, {}, {}},
      {"broken", {{"traceparent", "00-1-2-01"}}, ContextSource::kNone, {}, {}},
      {"two of them",
       {{"traceparent", SAMPLED}, {"traceparent", SAMPLED}},
       ContextSource::kNone,
       {},
       {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Bench bench(Direction::kOutbound, row.fields);
    bench.filter();  // before the chain
    bench.info.context_source = row.source;
    if (row.repaired.valid()) {
      bench.info.trace.trace = {1, 2};
      bench.info.trace.parent = row.repaired;
      complete_trace(bench.head, bench.info.trace, bench.random);
    }
    bench.request();
    bench.end(503, ErrorCode::kNoEndpoint);
    const auto spans = bench.spans();
    REQUIRE(spans.size() == 1);
    CHECK(spans[0].parent == row.expected);
    CHECK(spans[0].trace == bench.info.trace.trace);
    CHECK(bench.parent() == Traceparent{spans[0].trace, spans[0].id, Traceparent::kSampled});
  }
}

TEST_CASE("trace: which are sampled") {
  // The share goes by the id, and the filter's own setting before the file's.
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    const TraceId id = make_trace_id(random);
    Bench bench(Direction::kInbound);
    bench.queue.set_sample(1);
    bench.settings.sample = config::Share{0.25};
    bench.filter();
    bench.info.trace.trace = id;
    bench.request();
    CHECK(bench.info.trace.span.valid() == in_sampled_share(id, 0.25));
    CHECK(bench.parent().sampled() == in_sampled_share(id, 0.25));
  }
  Bench none(Direction::kInbound);
  none.queue.set_sample(0);
  none.request();
  CHECK_FALSE(none.info.trace.span.valid());
  // A caller's word goes before both.
  Bench told(Direction::kInbound, {{"traceparent", SAMPLED}});
  told.queue.set_sample(0);
  told.settings.sample = config::Share{0};
  told.request();
  CHECK(told.info.trace.span.valid());
}

TEST_CASE("trace: b3 names each try") {
  Bench bench(Direction::kOutbound, {{"b3", B3_IDS "-1"}});
  bench.request();
  bench.attempt(1, "10.0.0.1:80");
  char span[kSpanIdDigits];
  write_span_id(span, bench.parent().parent);
  char exchange[kSpanIdDigits];
  write_span_id(exchange, bench.info.trace.span);
  CHECK(bench.field("b3") == std::string(kTraceText) + "-" + std::string(span, sizeof span) +
                                 "-1-" + std::string(exchange, sizeof exchange));
}

TEST_CASE("trace: how a try ended that nobody waited for, and one that never was") {
  const auto tries = [](auto&& drive) {
    Bench bench(Direction::kOutbound, {{"traceparent", SAMPLED}});
    bench.request();
    drive(bench);
    std::string types;
    auto spans = bench.spans();
    spans.pop_back();  // of the exchange
    for (const Seen& span : spans) types += span["error.type"] + " ";
    return types;
  };
  CHECK(tries([](Bench& bench) {
          bench.attempt(1, "10.0.0.1:80");
          bench.end(504, ErrorCode::kTimeout);
        }) == "timeout ");
  CHECK(tries([](Bench& bench) {
          bench.attempt(1, "10.0.0.1:80");
          bench.info.closed_by = ClosedBy::kDownstream;
          bench.end(0);
        }) == "cancelled ");
  CHECK(tries([](Bench& bench) {  // no endpoint
          bench.attempt(1, "");
          bench.end(503, ErrorCode::kNoEndpoint);
        }) == "");
  CHECK(tries([](Bench& bench) {  // a breaker refuses the second
          bench.attempt(1, "10.0.0.1:80");
          bench.outcome(Outcome::Kind::kReset);
          bench.attempt(2, "10.0.0.1:80");
          bench.end(503, ErrorCode::kCircuitOpen);
        }) == "upstream_reset ");
  CHECK(tries([](Bench& bench) {  // cut while the answer was passed on
          bench.attempt(1, "10.0.0.1:80");
          bench.outcome(Outcome::Kind::kAccepted, 200);
          bench.end(200, ErrorCode::kUpstreamReset);
        }) == "upstream_reset ");
  for (const auto& [kind, type] : std::initializer_list<std::pair<Outcome::Kind, std::string>>{
           {Outcome::Kind::kConnectFailed, "connect_failed "},
           {Outcome::Kind::kRefused, "upstream_reset "},
           {Outcome::Kind::kReset, "upstream_reset "},
           {Outcome::Kind::kBadResponse, "bad_upstream_response "},
           {Outcome::Kind::kPerTryTimeout, "timeout "}}) {
    CHECK(tries([kind = kind](Bench& bench) {
            bench.attempt(1, "10.0.0.1:80");
            bench.outcome(kind);
            bench.end(502, ErrorCode::kUpstreamReset);
          }) == type);
  }
}

TEST_CASE("trace: refused before the filter saw it") {
  struct Row {
    std::string_view what;
    Fields fields;
    size_t spans;
  };
  const Row rows[] = {
      {"a sampled trace", {{"traceparent", SAMPLED}}, 1},
      {"not sampled", {{"traceparent", UNSAMPLED}}, 0},
      {"undecided", {{"b3", B3_IDS}}, 1},
      {"no trace", {}, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Bench bench(Direction::kInbound, row.fields);
    bench.end(403, ErrorCode::kDenied);
    const auto spans = bench.spans();
    REQUIRE(spans.size() == row.spans);
    if (spans.empty()) continue;
    CHECK(spans[0].parent == kCaller);
    CHECK(spans[0]["error.type"] == "denied");
  }
}

TEST_CASE("trace: a full queue loses spans and nothing else") {
  Bench bench(Direction::kOutbound, {{"traceparent", SAMPLED}});
  while (bench.queue.begin() != nullptr) bench.queue.commit();
  const uint64_t before = bench.queue.dropped();
  bench.request();
  bench.attempt(1, "10.0.0.1:80");
  bench.outcome(Outcome::Kind::kAccepted, 200);
  bench.end(200);
  CHECK(bench.queue.dropped() == before + 2);
}

TEST_CASE("trace: settings") {
  CHECK(test::decode<TraceFilter>("{}").settings == TraceSettings{});
  const auto good = test::decode<TraceFilter>("sample: 5%");
  CHECK(good.errors == "");
  CHECK(good.settings.sample->value == 0.05);
  CHECK(test::decode<TraceFilter>("sample: 0%").settings.sample->value == 0);
  for (const char* bad : {"sample: 5", "sample: all", "samples: 5%"}) {
    CAPTURE(bad);
    CHECK(test::decode<TraceFilter>(bad).errors != "");
  }
}

}  // namespace
}  // namespace woad
