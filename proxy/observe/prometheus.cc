#include "proxy/observe/prometheus.h"

#include <algorithm>
#include <charconv>

namespace woad {
namespace {

// Upper bounds in seconds, from half a millisecond to a minute and a half.
constexpr double kBounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.075, 0.1,
                              0.25,   0.5,   0.75,   1,     2.5,    5,    7.5,   10,   30,    90};
constexpr double kQuantiles[] = {0.5, 0.99, 0.999};
constexpr std::string_view kLatencyLabels[] = {"direction", "service", "color"};

class Writer {
 public:
  explicit Writer(Exposition exposition) : open_metrics_(exposition == Exposition::kOpenMetrics) {}

  // `type`: counter, gauge, histogram or summary.
  void family(std::string_view name, std::string_view help, std::string_view type) {
    if (open_metrics_ && type == "counter" && name.ends_with("_total")) name.remove_suffix(6);
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }

  void begin(std::string_view name) {
    text_.append(name);
    labels_ = 0;
  }
  void label(std::string_view name, std::string_view value) {
    text_.append(labels_++ == 0 ? "{" : ",").append(name).append("=\"");
    for (const char c : value) {
      if (c == '\\' || c == '"') text_.push_back('\\');
      if (c == '\n') {
        text_.append("\\n");
      } else {
        text_.push_back(c);
      }
    }
    text_.push_back('"');
  }
  void end(double value) {
    if (labels_ > 0) text_.push_back('}');
    text_.append(" ").append(number(value)).append("\n");
  }

  static std::string number(double value) {
    char digits[400];  // never 5e-04: a bucket's bound is a label, and dashboards name it
    const auto format = std::chars_format::fixed;
    return {digits, std::to_chars(digits, digits + sizeof digits, value, format).ptr};
  }

  std::string finish() {
    if (open_metrics_) text_.append("# EOF\n");
    return std::move(text_);
  }

 private:
  bool open_metrics_;
  size_t labels_ = 0;
  std::string text_;
};

void write_families(const MetricsSnapshot& metrics, Writer& out) {
  std::vector<const MetricsSnapshot::Series*> sorted;
  for (const auto& series : metrics.series) sorted.push_back(&series);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return std::tie(a->family, a->labels) < std::tie(b->family, b->labels);
  });
  const MetricsSnapshot::Series* before = nullptr;
  for (const auto* series : sorted) {
    const FamilyInfo& info = series->family.info();
    if (before == nullptr || !(before->family == series->family)) {
      out.family(info.name, info.help, info.gauge ? "gauge" : "counter");
    }
    before = series;
    out.begin(info.name);
    for (size_t i = 0; i < info.label_count(); ++i) out.label(info.labels[i], series->labels[i]);
    out.end(static_cast<double>(series->value));
  }
}

void write_labels(const MetricsSnapshot::Latency& latency, Writer& out) {
  for (size_t i = 0; i < std::size(kLatencyLabels); ++i) {
    out.label(kLatencyLabels[i], latency.labels[i]);
  }
}

void write_latencies(const MetricsSnapshot& metrics, Writer& out) {
  if (metrics.latencies.empty()) return;
  std::vector<const MetricsSnapshot::Latency*> sorted;
  for (const auto& latency : metrics.latencies) sorted.push_back(&latency);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->labels < b->labels; });
  out.family("woad_request_duration_seconds",
             "Time from the request's head to the end of the exchange.", "histogram");
  for (const auto* latency : sorted) {
    const auto line = [&](std::string_view le, uint64_t count) {
      out.begin("woad_request_duration_seconds_bucket");
      write_labels(*latency, out);
      out.label("le", le);
      out.end(static_cast<double>(count));
    };
    for (const double bound : kBounds)
      line(Writer::number(bound), latency->histogram->at_most(bound));
    line("+Inf", latency->histogram->count());
    out.begin("woad_request_duration_seconds_sum");
    write_labels(*latency, out);
    out.end(latency->histogram->sum_seconds());
    out.begin("woad_request_duration_seconds_count");
    write_labels(*latency, out);
    out.end(static_cast<double>(latency->histogram->count()));
  }
  out.family("woad_request_duration_quantile_seconds",
             "Quantiles of woad_request_duration_seconds since the start, within 1/16.", "summary");
  for (const auto* latency : sorted) {
    for (const double share : kQuantiles) {
      out.begin("woad_request_duration_quantile_seconds");
      write_labels(*latency, out);
      out.label("quantile", Writer::number(share));
      out.end(latency->histogram->quantile(share));
    }
  }
}

}  // namespace

std::string_view content_type(Exposition exposition) {
  return exposition == Exposition::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string render_metrics(const MetricsSnapshot& metrics, const std::vector<ExtraFamily>& extra,
                           Exposition exposition) {
  Writer out(exposition);
  write_families(metrics, out);
  write_latencies(metrics, out);
  for (const ExtraFamily& family : extra) {
    out.family(family.name, family.help, family.gauge ? "gauge" : "counter");
    for (const auto& sample : family.samples) {
      out.begin(family.name);
      for (const auto& [name, value] : sample.labels) out.label(name, value);
      out.end(sample.value);
    }
  }
  return out.finish();
}

}  // namespace woad
