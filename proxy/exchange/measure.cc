#include "proxy/exchange/measure.h"

#include "proxy/base/context_value.h"

namespace woad {
namespace {

std::string_view color_label(const Snapshot& snapshot, std::string_view color) {
  if (color.empty()) return kBaseColor;
  return snapshot.colors.contains(color) ? color : "other";
}

std::string_view code_class(int status) {
  constexpr std::string_view kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  return kClasses[status / 100];
}

}  // namespace

void count_exchange(WorkerMetrics& metrics, const Snapshot& snapshot, const ExchangeInfo& info) {
  const auto direction = metrics.intern(to_string(info.direction));
  const auto service = metrics.intern(info.service);
  const auto color = metrics.intern(color_label(snapshot, info.color));
  metrics.count(Family::kRequests,
                {direction, service, color, metrics.intern(code_class(info.status)),
                 metrics.intern(error_info(info.error).code)});
  metrics.record_latency(direction, service, color, info.end - info.start);
  if (info.direction == Direction::kOutbound && info.attempts > 0) {
    metrics.count(Family::kRoute, {service, color, metrics.intern(info.pool),
                                   metrics.intern(to_string(info.pool_reason))});
  }
}

void count_attempt(WorkerMetrics& metrics, const Snapshot& snapshot, const ExchangeInfo& info,
                   std::string_view result) {
  metrics.count(Family::kAttempts,
                {metrics.intern(info.service), metrics.intern(color_label(snapshot, info.color)),
                 metrics.intern(result)});
}

}  // namespace woad
