#include "tests/filters/support/trace_bench.h"

namespace woad {
namespace {

using namespace test_trace;

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
  CHECK(span["woad.request_id"] == "id-1");
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
