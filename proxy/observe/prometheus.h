// Metrics as text for a scraper: Prometheus 0.0.4 and OpenMetrics 1.0.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/observe/metrics.h"

namespace woad {

enum class Exposition { kPrometheus, kOpenMetrics };
// What a scraper accepts that wants the second.
inline constexpr std::string_view kOpenMetricsType = "application/openmetrics-text";
std::string_view content_type(Exposition exposition);

// A family that is known at the moment of the scrape alone, such as reload counters.
struct ExtraFamily {
  std::string name;  // with _total for counters
  std::string help;
  bool gauge;
  struct Sample {
    std::vector<std::pair<std::string, std::string>> labels;
    double value;
  };
  std::vector<Sample> samples;
};
// Of one sample, without labels.
inline ExtraFamily one_sample(std::string name, std::string help, bool gauge, auto value) {
  return {std::move(name), std::move(help), gauge, {{{}, static_cast<double>(value)}}};
}

std::string render_metrics(const MetricsSnapshot& metrics, const std::vector<ExtraFamily>& extra,
                           Exposition exposition);

}  // namespace woad
