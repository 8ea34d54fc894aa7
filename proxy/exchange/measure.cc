#include "proxy/exchange/measure.h"

#include "proxy/base/context_value.h"

namespace woad {
namespace {

// Static, or in the snapshot.
std::string_view color_label(const Snapshot& snapshot, std::string_view color) {
  if (color.empty()) return kBaseColor;
  const auto known = snapshot.colors.find(color);
  return known == snapshot.colors.end() ? std::string_view("other") : *known;
}

std::string_view code_class(int status) {
  constexpr std::string_view kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  return kClasses[status / 100];
}

}  // namespace

DirectionSeries::DirectionSeries(WorkerMetrics& metrics, Direction direction)
    : started(metrics.series(Family::kRequestsStarted, {metrics.intern(to_string(direction))})),
      active(metrics.series(Family::kRequestsActive, {metrics.intern(to_string(direction))})) {}

void count_start(WorkerContext& worker, Direction direction) {
  const DirectionSeries& series = worker.of(direction);
  worker.metrics.count(series.started);
  worker.metrics.count(series.active);
}

void count_exchange(WorkerContext& worker, SnapshotView& view, const ExchangeInfo& info) {
  WorkerMetrics& metrics = worker.metrics;
  metrics.count(worker.of(info.direction).active, -1);
  const std::string_view color = color_label(view.snapshot(), info.color);
  const bool routed = info.direction == Direction::kOutbound && info.attempts > 0;
  // An error is its row, whose address has 48 bits at most.
  const uint64_t error = reinterpret_cast<uintptr_t>(&error_info(info.error));
  const SeriesKey key{info.service, color, routed ? info.pool : std::string_view(),
                      error << 8 | static_cast<uint64_t>(info.status / 100) << 5 |
                          static_cast<uint64_t>(info.pool_reason) << 2 |
                          static_cast<uint64_t>(info.direction) << 1 | (routed ? 1 : 0)};
  const RequestSeries& series = view.request_series().of(key, [&] {
    const auto id = [&](std::string_view label) { return metrics.intern(label); };
    const auto direction = id(to_string(info.direction));
    RequestSeries made;
    made.requests = metrics.series(
        Family::kRequests, {direction, id(info.service), id(color), id(code_class(info.status)),
                            id(error_info(info.error).code)});
    made.latency = &metrics.latency(direction, id(info.service), id(color));
    if (routed) {
      made.route = metrics.series(Family::kRoute, {id(info.service), id(color), id(info.pool),
                                                   id(to_string(info.pool_reason))});
    }
    return made;
  });
  metrics.count(series.requests);
  series.latency->record(info.end - info.start);
  if (series.route) metrics.count(*series.route);
}

void count_attempt(WorkerMetrics& metrics, SnapshotView& view, const ExchangeInfo& info,
                   std::string_view result) {
  const std::string_view color = color_label(view.snapshot(), info.color);
  metrics.count(view.attempt_series().of({info.service, color, result}, [&] {
    return metrics.series(Family::kAttempts, {metrics.intern(info.service), metrics.intern(color),
                                              metrics.intern(result)});
  }));
}

void count_plaintext(WorkerContext& worker, const ListenerSpec& listener, const Address& client) {
  worker.metrics.count(Family::kPlaintextRequests, {worker.metrics.intern(listener.name)});
  if (worker.plaintext_callers != nullptr) {
    worker.plaintext_callers->count(client.host(), worker.scheduler.wall());
  }
}

}  // namespace woad
