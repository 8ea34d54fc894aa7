#include "proxy/observe/metrics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

namespace woad {
namespace {

using Labels = std::vector<std::string>;

int64_t value_of(const MetricsSnapshot& snapshot, Family family, const Labels& labels) {
  for (const auto& series : snapshot.series) {
    if (series.family == family && series.labels == labels) return series.value;
  }
  return -1;
}

TEST_CASE("interned values keep their ids") {
  WorkerMetrics metrics;
  const auto red = metrics.intern("red");
  CHECK(metrics.intern("") != red);
  for (int i = 0; i < 1000; ++i) metrics.intern("value " + std::to_string(i));
  CHECK(metrics.intern("red") == red);
  CHECK(metrics.intern("blue") != red);
}

TEST_CASE("counters count by family and labels, gauges are set") {
  WorkerMetrics metrics;
  const auto price = metrics.intern("price");
  const auto red = metrics.intern("red");
  const auto base = metrics.intern("base");
  const auto ok = metrics.intern("accepted");
  CHECK(!metrics.has(Family::kAttempts, {price, red, ok}));
  for (int i = 0; i < 3; ++i) metrics.count(Family::kAttempts, {price, red, ok});
  metrics.count(Family::kAttempts, {price, base, ok}, 10);
  metrics.count(Family::kRoute, {price, red, red, ok});
  metrics.set(Family::kUpstreamConnections, {price, ok}, 7);
  metrics.set(Family::kUpstreamConnections, {price, ok}, 5);
  metrics.count(Family::kClientConnections, {red}, 2);
  metrics.count(Family::kClientConnections, {red}, -1);
  CHECK(metrics.has(Family::kAttempts, {price, red, ok}));
  metrics.name_hostile(2, "framing");
  metrics.hostile()[2] = 4;

  const MetricsSnapshot copy = metrics.snapshot();
  metrics.count(Family::kAttempts, {price, red, ok});
  CHECK(value_of(copy, Family::kAttempts, {"price", "red", "accepted"}) == 3);
  CHECK(value_of(copy, Family::kAttempts, {"price", "base", "accepted"}) == 10);
  CHECK(value_of(copy, Family::kRoute, {"price", "red", "red", "accepted"}) == 1);
  CHECK(value_of(copy, Family::kUpstreamConnections, {"price", "accepted"}) == 5);
  CHECK(value_of(copy, Family::kClientConnections, {"red"}) == 1);
  CHECK(value_of(copy, Family::kHostile, {"framing"}) == 4);
}

TEST_CASE("snapshots add up, whatever the ids were on each worker") {
  WorkerMetrics first;
  WorkerMetrics second;
  for (int i = 0; i < 50; ++i) second.intern("shift " + std::to_string(i));
  const auto count = [](WorkerMetrics& metrics, std::string_view service, int64_t by) {
    metrics.count(Family::kAttempts,
                  {metrics.intern(service), metrics.intern("base"), metrics.intern("x")}, by);
    metrics.latency(metrics.intern("inbound"), metrics.intern(service), metrics.intern("base"))
        .record(milliseconds(by));
  };
  count(first, "price", 1);
  count(second, "price", 2);
  count(second, "cart", 4);
  MetricsSnapshot sum = first.snapshot();
  const MetricsSnapshot others = second.snapshot();
  sum.merge(others);
  sum.merge(MetricsSnapshot());
  CHECK(value_of(sum, Family::kAttempts, {"price", "base", "x"}) == 3);
  CHECK(value_of(sum, Family::kAttempts, {"cart", "base", "x"}) == 4);
  REQUIRE(sum.latencies.size() == 2);
  for (const auto& latency : sum.latencies) {
    CHECK(latency.histogram->count() == (latency.labels[1] == "price" ? 2 : 1));
  }
  // The copy that was merged is not touched.
  for (const auto& latency : others.latencies) CHECK(latency.histogram->count() == 1);
}

TEST_CASE("series are bounded: what is over goes to one series a family") {
  WorkerMetrics metrics;
  constexpr int kMany = 20'000;
  const auto x = metrics.intern("x");
  for (int i = 0; i < kMany; ++i) {
    const auto service = metrics.intern("service " + std::to_string(i));
    metrics.count(Family::kAttempts, {service, x, x});
    metrics.latency(x, service, x).record(milliseconds(1));
  }
  metrics.count(Family::kRequests, {x, x, x, x, x});
  const MetricsSnapshot copy = metrics.snapshot();
  CHECK(copy.series.size() + copy.latencies.size() <=
        WorkerMetrics::kMaxSeries + std::size(kFamilies) + 1);
  std::map<Family, int64_t> sums;
  for (const auto& series : copy.series) sums[series.family] += series.value;
  CHECK(sums[Family::kAttempts] == kMany);
  CHECK(value_of(copy, Family::kAttempts, {"overflow", "overflow", "overflow"}) > 0);
  CHECK(value_of(copy, Family::kRequests, Labels(5, "overflow")) == 1);
  uint64_t measured = 0;
  for (const auto& latency : copy.latencies) measured += latency.histogram->count();
  CHECK(measured == kMany);
}

TEST_CASE("values beyond the table of ids are 'overflow'") {
  WorkerMetrics metrics;
  for (int i = 0; i < 70'000; ++i) metrics.intern(std::to_string(i));
  CHECK(metrics.intern("one more") == metrics.intern("overflow"));
  CHECK(metrics.intern("5") != metrics.intern("overflow"));
}

}  // namespace
}  // namespace woad
