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

void count_exchange(WorkerMetrics& metrics, SnapshotView& view, const ExchangeInfo& info) {
  const auto id = [&](std::string_view label) { return view.labels().of(metrics, label); };
  const auto direction = id(to_string(info.direction));
  const auto service = id(info.service);
  const auto color = id(color_label(view.snapshot(), info.color));
  metrics.count(Family::kRequests, {direction, service, color, id(code_class(info.status)),
                                    id(error_info(info.error).code)});
  metrics.record_latency(direction, service, color, info.end - info.start);
  if (info.direction == Direction::kOutbound && info.attempts > 0) {
    metrics.count(Family::kRoute, {service, color, id(info.pool), id(to_string(info.pool_reason))});
  }
}

void count_attempt(WorkerMetrics& metrics, SnapshotView& view, const ExchangeInfo& info,
                   std::string_view result) {
  const auto id = [&](std::string_view label) { return view.labels().of(metrics, label); };
  metrics.count(Family::kAttempts,
                {id(info.service), id(color_label(view.snapshot(), info.color)), id(result)});
}

void count_mirror(WorkerMetrics& metrics, SnapshotView& view, const ExchangeInfo& info,
                  std::string_view result) {
  metrics.count(Family::kMirrors,
                {view.labels().of(metrics, info.service), view.labels().of(metrics, result)});
}

void count_plaintext(WorkerContext& worker, const ListenerSpec& listener, const Address& client) {
  worker.metrics.count(Family::kPlaintextRequests, {worker.metrics.intern(listener.name)});
  if (worker.plaintext_callers != nullptr) {
    worker.plaintext_callers->count(client.host(), worker.scheduler.wall());
  }
}

}  // namespace woad
