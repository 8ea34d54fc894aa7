#include "proxy/observe/prometheus.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace woad {
namespace {

MetricsSnapshot sample() {
  WorkerMetrics metrics;
  const auto id = [&](std::string_view value) { return metrics.intern(value); };
  metrics.count(Family::kRequests, {id("outbound"), id("price"), id("red"), id("2xx"), id("")}, 3);
  metrics.count(Family::kRequests,
                {id("inbound"), id("cart"), id("base"), id("5xx"), id("timeout")}, 1);
  metrics.count(Family::kAttempts, {id("price"), id("red"), id("accepted")}, 3);
  metrics.count(Family::kRoute, {id("price"), id("red"), id("red"), id("exact")}, 3);
  metrics.set(Family::kUpstreamConnections, {id("price"), id("idle")}, 2);
  metrics.count(Family::kClientConnections, {id("inbound")}, 4);
  metrics.name_hostile(0, "framing");
  metrics.hostile()[0] = 2;
  for (const int ms : {1, 2, 3}) {
    metrics.latency(id("outbound"), id("price"), id("red")).record(milliseconds(ms));
  }
  return metrics.snapshot();
}

std::vector<ExtraFamily> extra() {
  return {{"woad_config_reloads_total", "Reloads.", false, {{{{"result", "success"}}, 2}}},
          {"woad_config_info", "What runs.", true, {{{{"version", "a\"b\\c\nd"}}, 1}}}};
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("the lines of each family") {
  const std::string text = render_metrics(sample(), extra(), Exposition::kPrometheus);
  const std::string lines[] = {
      "# TYPE woad_requests_total counter",
      "woad_requests_total{direction=\"outbound\",service=\"price\",color=\"red\","
      "code_class=\"2xx\",error=\"\"} 3",
      "woad_requests_total{direction=\"inbound\",service=\"cart\",color=\"base\","
      "code_class=\"5xx\",error=\"timeout\"} 1",
      "woad_upstream_attempts_total{service=\"price\",color=\"red\",result=\"accepted\"} 3",
      "woad_route_total{service=\"price\",color=\"red\",pool=\"red\",reason=\"exact\"} 3",
      "# TYPE woad_upstream_connections gauge",
      "woad_upstream_connections{service=\"price\",state=\"idle\"} 2",
      "woad_client_connections{direction=\"inbound\"} 4",
      "woad_hostile_total{kind=\"framing\"} 2",
      "# TYPE woad_request_duration_seconds histogram",
      "woad_request_duration_seconds_bucket{direction=\"outbound\",service=\"price\","
      "color=\"red\",le=\"0.0005\"} 0",
      "woad_request_duration_seconds_bucket{direction=\"outbound\",service=\"price\","
      "color=\"red\",le=\"+Inf\"} 3",
      "woad_request_duration_seconds_count{direction=\"outbound\",service=\"price\","
      "color=\"red\"} 3",
      "woad_request_duration_seconds_sum{direction=\"outbound\",service=\"price\","
      "color=\"red\"} 0.006",
      "# TYPE woad_request_duration_quantile_seconds summary",
      "woad_config_reloads_total{result=\"success\"} 2",
      "woad_config_info{version=\"a\\\"b\\\\c\\nd\"} 1"};
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(has_line(text, line));
  }
  CHECK(text.find("# EOF") == std::string::npos);
  CHECK(text.find("quantile=\"0.999\"") != std::string::npos);
}

TEST_CASE("a family is announced once, before its samples") {
  const std::string text = render_metrics(sample(), extra(), Exposition::kPrometheus);
  size_t types = 0;
  for (size_t at = text.find("# TYPE woad_requests_total "); at != std::string::npos;
       at = text.find("# TYPE woad_requests_total ", at + 1)) {
    ++types;
  }
  CHECK(types == 1);
}

TEST_CASE("OpenMetrics: counters are announced without _total, and the text ends") {
  const std::string text = render_metrics(sample(), extra(), Exposition::kOpenMetrics);
  CHECK(has_line(text, "# TYPE woad_requests counter"));
  CHECK(has_line(text, "# TYPE woad_config_reloads counter"));
  CHECK(has_line(text, "woad_config_reloads_total{result=\"success\"} 2"));
  CHECK(text.ends_with("# EOF\n"));
  CHECK(content_type(Exposition::kOpenMetrics).starts_with("application/openmetrics-text"));
  CHECK(content_type(Exposition::kPrometheus) == "text/plain; version=0.0.4; charset=utf-8");
}

TEST_CASE("promtool finds nothing to complain about") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) return;
  char name[] = "/tmp/woad-metrics-XXXXXX";
  const int fd = ::mkstemp(name);
  REQUIRE(fd >= 0);
  ::close(fd);
  std::ofstream(name) << render_metrics(sample(), extra(), Exposition::kPrometheus);
  const std::string command = std::string("promtool check metrics <") + name + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  for (char line[256]; std::fgets(line, sizeof line, pipe) != nullptr;) output += line;
  CHECK(::pclose(pipe) == 0);
  CHECK(output == "");
  ::unlink(name);
}

}  // namespace
}  // namespace woad
