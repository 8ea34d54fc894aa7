// The exporter with a manual clock and a collector that the test answers for.
#include "proxy/otlp/exporter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "proxy/log/log.h"
#include "tests/client/fake_asker.h"

namespace woad {
namespace {

using nlohmann::json;

OtlpSettings enabled_settings() {
  OtlpSettings settings;
  settings.enabled = true;
  settings.endpoint = *parse_url("http://collector:4318/v1/traces");
  settings.resource = {{"service.name", "cart"}};
  settings.max_batch = 4;
  settings.max_queue = 16;
  return settings;
}

std::shared_ptr<HttpAsker> not_owned(test::FakeAsker& asker) {
  return {std::shared_ptr<void>(), &asker};
}

struct Bench {
  explicit Bench(const OtlpSettings& settings = enabled_settings(), size_t workers = 1)
      : exporter({scheduler,
                  [this](std::function<void()> task) { posted.push_back(std::move(task)); },
                  [this](const OtlpSettings&) {
                    ++collectors;
                    return not_owned(collector);
                  },
                  /*seed=*/7, workers}) {
    set_log_level("error");  // what is told there is not looked at here
    exporter.apply(settings);
  }

  // Spans with the ids first, first + 1, …
  void spans(uint64_t first, size_t count, size_t worker = 0) {
    for (size_t i = 0; i < count; ++i) {
      Span* span = exporter.queue(worker)->begin();
      if (span == nullptr) continue;
      span->trace = {0, 1};
      span->id = {first + i};
      span->set_name("GET");
      exporter.queue(worker)->commit();
    }
    run_posted();
  }
  void run_posted() {
    while (!posted.empty()) {
      const auto task = std::move(posted.front());
      posted.pop_front();
      task();
    }
  }
  void pass(Duration time) { scheduler.advance(scheduler.now() + time); }
  void answer(int status, std::string body = "{}", std::string retry_after = "") {
    REQUIRE(asked());
    const auto done = std::exchange(collector.last().done, nullptr);
    HttpAnswer answer{
        .status = status, .why = status == 0 ? "connection refused" : "", .body = std::move(body)};
    if (!retry_after.empty()) answer.headers.emplace_back("retry-after", std::move(retry_after));
    done(std::move(answer));
  }
  // Whether a request is under way: never more than one.
  bool asked() const {
    const auto open = std::count_if(collector.all.begin(), collector.all.end(),
                                    [](const auto& each) { return each.open; });
    CHECK(open <= 1);
    return open > 0 && collector.all.back().open;
  }
  // Requests that were given up.
  size_t cancelled() const {
    size_t count = 0;
    for (const auto& each : collector.all) count += !each.open && each.done;
    return count;
  }
  // The ids of the latest body, such as "1 2 3".
  std::string ids() const {
    std::string all;
    const json body = json::parse(collector.all.back().request.body);
    for (const json& span : body["resourceSpans"][0]["scopeSpans"][0]["spans"]) {
      const std::string id = span["spanId"];
      all += (all.empty() ? "" : " ") + std::to_string(parse_span_id(id)->value);
    }
    return all;
  }
  uint64_t lost(SpanLoss loss) const { return exporter.counts().of(loss); }
  uint64_t lost() const {
    uint64_t sum = 0;
    for (const uint64_t count : exporter.counts().lost) sum += count;
    return sum;
  }

  Scheduler scheduler{MonoTime(hours(5)), WallTime(seconds(1'800'000'000))};
  test::FakeAsker collector;
  int collectors = 0;
  std::deque<std::function<void()>> posted;
  OtlpExporter exporter;
};

TEST_CASE("exporter: a batch when the delay is over") {
  Bench bench;
  bench.pass(seconds(30));
  CHECK(bench.collector.all.empty());
  bench.spans(1, 2);
  CHECK_FALSE(bench.asked());
  bench.pass(seconds(6));
  REQUIRE(bench.asked());
  CHECK(bench.ids() == "1 2");
  CHECK(bench.collector.last().request.method == "POST");
  CHECK(bench.collector.last().request.target == "/v1/traces");
  CHECK(bench.collector.last().header("content-type") == "application/json");
  CHECK(bench.collector.last().request.timeout == Duration(0));  // the exporter counts itself
  const json body = json::parse(bench.collector.all.back().request.body);
  CHECK(body["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"] == "cart");
  CHECK(body["resourceSpans"][0]["scopeSpans"][0]["scope"]["name"] == "woad");
  bench.answer(200);
  CHECK(bench.exporter.counts().delivered == 2);
  CHECK(bench.lost() == 0);
  bench.pass(seconds(30));
  CHECK(bench.collector.all.size() == 1);
}

TEST_CASE("exporter: a full batch goes at once, the next one behind it") {
  Bench bench;
  bench.spans(1, 10);
  REQUIRE(bench.asked());
  CHECK(bench.ids() == "1 2 3 4");
  bench.answer(200);
  REQUIRE(bench.asked());
  CHECK(bench.ids() == "5 6 7 8");
  bench.answer(200);
  CHECK_FALSE(bench.asked());
  bench.pass(seconds(6));
  REQUIRE(bench.asked());
  CHECK(bench.ids() == "9 10");
  bench.answer(204, "");
  CHECK(bench.exporter.counts().delivered == 10);
}

TEST_CASE("exporter: one request at a time; what comes meanwhile waits, then is dropped") {
  Bench bench;
  bench.spans(1, 4);
  REQUIRE(bench.asked());
  bench.spans(5, 20);
  CHECK(bench.collector.all.size() == 1);
  CHECK(bench.lost(SpanLoss::kQueueFull) == 4);
  bench.answer(200);
  CHECK(bench.ids() == "5 6 7 8");
}

TEST_CASE("exporter: workers take turns") {
  Bench bench(enabled_settings(), 2);
  CHECK(bench.exporter.queue(0) != bench.exporter.queue(1));
  bench.spans(1, 2, 0);
  bench.spans(11, 2, 1);
  bench.pass(seconds(6));
  CHECK(bench.ids() == "1 2 11 12");
  bench.spans(3, 6, 0);
  bench.spans(13, 6, 1);
  bench.answer(200);
  CHECK(bench.ids() == "13 14 15 16");
  bench.answer(200);
  CHECK(bench.ids() == "3 4 5 6");
}

TEST_CASE("exporter: a worker's queue that fills up while another batch is sent") {
  OtlpSettings settings = enabled_settings();
  settings.max_batch = 8;  // each worker has room for 8
  Bench bench(settings, 2);
  bench.spans(1, 4, 0);
  REQUIRE(bench.asked());
  bench.spans(11, 5, 1);  // less than a batch, but more than half of the room
  bench.answer(200);
  REQUIRE(bench.asked());
  CHECK(bench.ids() == "11 12 13 14 15");
}

TEST_CASE("exporter: what an answer does to a batch") {
  struct Row {
    int status;
    bool again;
    SpanLoss loss;
  };
  const Row rows[] = {
      {0, true, {}},
      {429, true, {}},
      {502, true, {}},
      {503, true, {}},
      {504, true, {}},
      {400, false, SpanLoss::kRefused},
      {401, false, SpanLoss::kRefused},
      {404, false, SpanLoss::kRefused},
      {408, false, SpanLoss::kRefused},
      {413, false, SpanLoss::kRefused},
      {500, false, SpanLoss::kRefused},
      {501, false, SpanLoss::kRefused},
      {301, false, SpanLoss::kRefused},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    Bench bench;
    bench.spans(1, 4);
    bench.answer(row.status);
    CHECK_FALSE(bench.asked());
    CHECK(bench.lost() == (row.again ? 0 : 4));
    if (!row.again) CHECK(bench.lost(row.loss) == 4);
    bench.pass(seconds(2));
    CHECK(bench.asked() == row.again);
    if (!row.again) continue;
    CHECK(bench.collector.all.front().request.body == bench.collector.all.back().request.body);
    bench.answer(200);
    CHECK(bench.exporter.counts().delivered == 4);
  }
}

TEST_CASE("exporter: of an answer that is too long the status counts") {
  for (const int status : {200, 400, 503}) {
    CAPTURE(status);
    Bench bench;
    bench.spans(1, 4);
    REQUIRE(bench.asked());
    std::exchange(bench.collector.last().done,
                  nullptr)({.status = status, .why = "the answer is longer than 65536 bytes"});
    CHECK(bench.exporter.counts().delivered == (status == 200 ? 4 : 0));
    CHECK(bench.lost(SpanLoss::kRefused) == (status == 400 ? 4 : 0));
    CHECK(bench.lost() == (status == 400 ? 4 : 0));
  }
}

TEST_CASE("exporter: waits are doubled, jittered and bounded, then the batch is given up") {
  Bench bench;
  bench.spans(1, 4);
  Duration most = OtlpExporter::kFirstBackoff;
  for (int tries = 1; tries < OtlpExporter::kMaxTries; ++tries) {
    CAPTURE(tries);
    bench.answer(503);
    bench.pass(most / 2 - milliseconds(1));
    CHECK_FALSE(bench.asked());
    bench.pass(most / 2 + milliseconds(2));
    REQUIRE(bench.asked());
    most *= 2;
  }
  bench.spans(5, 1);
  bench.answer(503);
  CHECK_FALSE(bench.asked());
  CHECK(bench.lost(SpanLoss::kUndelivered) == 4);
  // The next batch has all its tries before it.
  bench.pass(seconds(6));
  REQUIRE(bench.asked());
  CHECK(bench.ids() == "5");
  bench.answer(0);
  bench.pass(seconds(2));
  bench.answer(200);
  CHECK(bench.exporter.counts().delivered == 1);
}

TEST_CASE("exporter: two of them do not come back at the same time") {
  // The times at which a try comes, in ms, of an exporter with that seed.
  const auto times = [](uint64_t seed) {
    Scheduler scheduler{MonoTime(hours(5))};
    test::FakeAsker collector;
    OtlpExporter exporter({scheduler, [](const std::function<void()>& task) { task(); },
                           [&](const OtlpSettings&) { return not_owned(collector); }, seed, 1});
    exporter.apply(enabled_settings());
    for (int i = 0; i < 4; ++i) {
      exporter.queue(0)->begin()->set_name("GET");
      exporter.queue(0)->commit();
    }
    std::string all;
    for (int ms = 0; ms < 20'000; ++ms) {
      if (!collector.all.empty() && collector.last().open) {
        all += std::to_string(ms) + " ";
        std::exchange(collector.last().done, nullptr)(HttpAnswer{.status = 503});
      }
      scheduler.advance(scheduler.now() + milliseconds(1));
    }
    return all;
  };
  CHECK(times(1) == times(1));
  CHECK(times(1) != times(2));
}

TEST_CASE("exporter: Retry-After is honoured") {
  struct Row {
    std::string value;
    Duration wait;
  };
  const Row rows[] = {
      {"20", seconds(20)},
      {"0", milliseconds(1)},
      {"86400", OtlpExporter::kLongestRetryAfter},
      {"99999999999999999999999", seconds(1)},  // no number: as without the field
      {"Fri, 15 Jan 2027 08:00:30 GMT", seconds(30)},
      {"Fri, 15 Jan 2027 07:00:00 GMT", milliseconds(1)},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    Bench bench;
    bench.spans(1, 4);
    bench.answer(429, "", row.value);
    if (row.wait > seconds(1)) {
      bench.pass(row.wait - milliseconds(1));
      CHECK_FALSE(bench.asked());
      bench.pass(milliseconds(2));
    } else {
      bench.pass(row.wait + milliseconds(1));
    }
    CHECK(bench.asked());
  }
}

TEST_CASE("exporter: no answer in time") {
  Bench bench;
  bench.spans(1, 4);
  bench.pass(milliseconds(9'999));
  CHECK(bench.cancelled() == 0);
  bench.pass(milliseconds(2));
  CHECK(bench.cancelled() == 1);
  bench.pass(seconds(1));
  REQUIRE(bench.asked());
  bench.answer(200);
  CHECK(bench.exporter.counts().delivered == 4);
  bench.pass(minutes(1));
  CHECK(bench.cancelled() == 1);
}

TEST_CASE("exporter: spans that the collector rejects") {
  struct Row {
    std::string body;
    uint64_t rejected;
  };
  const Row rows[] = {
      {"", 0},
      {"{}", 0},
      {R"({"partialSuccess":{}})", 0},
      {R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}})", 3},
      {R"({"partialSuccess":{"rejectedSpans":3}})", 3},
      {R"({"partialSuccess":{"rejectedSpans":"0","errorMessage":"slow down"}})", 0},
      {R"({"partialSuccess":{"rejectedSpans":"99"}})", 4},  // more than were sent
      {R"({"partialSuccess":{"rejectedSpans":-1}})", 0},
      {R"({"partialSuccess":{"rejectedSpans":"many","errorMessage":7}})", 0},
      {R"({"partialSuccess":[1]})", 0},
      {R"([{"partialSuccess":{"rejectedSpans":3}}])", 0},
      {"not JSON", 0},
      {R"({"partialSuccess":{"rejectedSpans":"3")", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    Bench bench;
    bench.spans(1, 4);
    bench.answer(200, row.body);
    CHECK(bench.lost(SpanLoss::kRejected) == row.rejected);
    CHECK(bench.exporter.counts().delivered == 4 - row.rejected);
    CHECK(bench.lost() == row.rejected);
  }
}

TEST_CASE("exporter: off, on, elsewhere, off") {
  Bench bench((OtlpSettings()));
  CHECK(bench.exporter.queue(0) == nullptr);
  CHECK(bench.collectors == 0);

  OtlpSettings settings = enabled_settings();
  bench.exporter.apply(settings);
  CHECK(bench.collectors == 1);
  bench.spans(1, 4);
  REQUIRE(bench.asked());

  bench.exporter.apply(settings);  // the same again
  CHECK(bench.asked());
  CHECK(bench.exporter.queue(0)->sample() == 0.01);
  settings.sample = 0.5;  // of no concern to what is under way
  settings.delay = seconds(1);
  bench.exporter.apply(settings);
  CHECK(bench.exporter.queue(0)->sample() == 0.5);
  CHECK(bench.collectors == 1);
  CHECK(bench.cancelled() == 0);

  settings.endpoint = *parse_url("http://other:4318/v1/traces");
  bench.exporter.apply(settings);
  CHECK(bench.collectors == 2);
  REQUIRE(bench.asked());  // the batch goes to the new collector
  CHECK(bench.ids() == "1 2 3 4");
  bench.answer(200);
  bench.spans(5, 2);
  bench.pass(seconds(2));
  CHECK(bench.ids() == "5 6");

  SpanQueue* queue = bench.exporter.queue(0);
  bench.exporter.apply(OtlpSettings());
  CHECK(bench.exporter.queue(0) == nullptr);
  CHECK(bench.lost(SpanLoss::kShutdown) == 2);
  // A worker that has not heard of it yet may still write.
  REQUIRE(queue->begin() != nullptr);
  queue->commit();
  bench.pass(hours(1));
  CHECK_FALSE(bench.asked());
  bench.exporter.apply(enabled_settings());
  CHECK(bench.exporter.queue(0) == queue);
}

TEST_CASE("exporter: a batch that waits to be tried again goes to the new collector at once") {
  Bench bench;
  bench.spans(1, 4);
  bench.answer(503);
  OtlpSettings settings = enabled_settings();
  settings.headers = {{"api-key", "new"}};
  bench.exporter.apply(settings);
  REQUIRE(bench.asked());
  bench.answer(200);
  CHECK(bench.exporter.counts().delivered == 4);
  bench.pass(seconds(30));
  CHECK(bench.collector.all.size() == 2);
}

TEST_CASE("exporter: at the end everything that waits is delivered") {
  Bench bench;
  bench.spans(1, 4);
  bench.spans(5, 6);
  bool done = false;
  bench.exporter.shut_down([&] { done = true; });
  for (const std::string_view ids : {"1 2 3 4", "5 6 7 8", "9 10"}) {
    CHECK_FALSE(done);
    CHECK(bench.ids() == ids);
    bench.answer(200);
  }
  CHECK(done);
  CHECK(bench.exporter.counts().delivered == 10);
  CHECK(bench.lost() == 0);
  bench.pass(hours(1));
  CHECK(bench.collector.all.size() == 3);
}

TEST_CASE("exporter: the end from each state") {
  SUBCASE("nothing waits") {
    Bench bench;
    bool done = false;
    bench.exporter.shut_down([&] { done = true; });
    CHECK(done);
    CHECK(bench.exporter.queue(0) == nullptr);
  }
  SUBCASE("nothing is exported") {
    Bench bench((OtlpSettings()));
    bool done = false;
    bench.exporter.shut_down([&] { done = true; });
    CHECK(done);
  }
  SUBCASE("less than a batch waits") {
    Bench bench;
    bench.spans(1, 1);
    bool done = false;
    bench.exporter.shut_down([&] { done = true; });
    REQUIRE(bench.asked());
    bench.answer(200);
    CHECK(done);
  }
  SUBCASE("a batch backs off: one more try, at once") {
    Bench bench;
    bench.spans(1, 4);
    bench.answer(503);
    bool done = false;
    bench.exporter.shut_down([&] { done = true; });
    REQUIRE(bench.asked());
    bench.answer(503);
    CHECK(done);
    CHECK(bench.lost(SpanLoss::kShutdown) == 4);
    bench.pass(hours(1));
    CHECK_FALSE(bench.asked());
  }
  SUBCASE("the collector is slow") {
    Bench bench;
    bench.spans(1, 6);
    bool done = false;
    bench.exporter.shut_down([&] { done = true; });
    bench.pass(milliseconds(999));
    CHECK_FALSE(done);
    bench.pass(milliseconds(2));
    CHECK(done);
    CHECK(bench.cancelled() == 1);
    CHECK(bench.lost(SpanLoss::kShutdown) == 6);
    bench.pass(hours(1));
    CHECK_FALSE(bench.asked());
  }
}

TEST_CASE("exporter: a batch ends when its body is long") {
  OtlpSettings settings = enabled_settings();
  settings.max_batch = 4000;
  settings.max_queue = 4000;
  Bench bench(settings);
  const std::string path(Span::kMaxText, '"');  // two bytes each in JSON
  for (int i = 0; i < 1600; ++i) {
    Span* span = bench.exporter.queue(0)->begin();
    REQUIRE(span != nullptr);
    span->trace = {0, 1};
    span->id = {1};
    for (int n = 0; n < 3; ++n) span->add(SpanKey::kPath, path);
    bench.exporter.queue(0)->commit();
  }
  for (int batch = 0; batch < 3; ++batch) {
    bench.pass(seconds(6));
    REQUIRE(bench.asked());
    CHECK(bench.collector.all.back().request.body.size() < OtlpExporter::kMaxBody + 8192);
    bench.answer(200);
  }
  CHECK(bench.collector.all.front().request.body.size() > OtlpExporter::kMaxBody);
  CHECK(bench.exporter.counts().delivered == 1600);
}

TEST_CASE("words for what was lost") {
  CHECK(to_string(SpanLoss::kQueueFull) == "queue_full");
  CHECK(to_string(SpanLoss::kShutdown) == "shutdown");
}

}  // namespace
}  // namespace woad
