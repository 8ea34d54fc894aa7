#include "proxy/admin/pages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/rfc3339.h"
#include "proxy/upstream/census.h"

namespace woad {
namespace {

using Json = nlohmann::ordered_json;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out.push_back(c);
    }
  }
  return out;
}

std::string row(std::string_view name, std::string_view value) {
  return "<tr><th>" + escaped(name) + "</th><td>" + escaped(value) + "</td></tr>\n";
}

std::string endpoint_row(const IndexLine& line) {
  const std::string path = escaped(line.path);
  const std::string shown =
      line.method == "GET" ? "<a href=\"" + path + "\">" + path + "</a>" : path;
  return "<tr><th>" + escaped(line.method) + " " + shown + "</th><td>" + escaped(line.purpose) +
         "</td></tr>\n";
}

constexpr std::string_view kIndexHead =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>woad</title>\n"
    "<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:48rem;padding:0 "
    "1rem}\n"
    "th{text-align:left;font-weight:normal;padding-right:2rem;white-space:nowrap}\n"
    "td{overflow-wrap:anywhere}h1 small{font-weight:normal}"
    ".bad{color:#a40000}.good{color:#006400}</style></head>\n<body>\n";

}  // namespace

std::string warning_line(const std::string& warning) {
  constexpr std::string_view kPrefix = "warning: ";
  std::string line = warning.starts_with(kPrefix) ? warning : std::string(kPrefix) + warning;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string index_page(const IndexPage& page) {
  std::string html(kIndexHead);
  html += "<h1>woad <small>beside " + escaped(page.service) + "</small></h1>\n";
  html += page.not_ready.empty()
              ? "<p class=\"good\">Ready.</p>\n"
              : "<p class=\"bad\">Not ready: " + escaped(page.not_ready) + "</p>\n";
  for (const std::string& warning : page.warnings) {
    html += "<p class=\"bad\">" + escaped(warning_line(warning)) + "</p>\n";
  }
  html += "<table>\n" + row("instance", page.instance);
  html += row("configuration", page.status.source);
  html += row("version", page.status.version.empty() ? "(none)" : page.status.version);
  html += row("hash", page.status.hash) + row("loaded", rfc3339(page.status.loaded_at));
  html += "</table>\n<h2>Look further</h2>\n<table>\n";
  for (const IndexLine& line : page.lines) html += endpoint_row(line);
  return html + "</table>\n</body></html>\n";
}

std::string config_status_json(const ConfigStatus& status) {
  return json_page(
      {{"version", status.version},
       {"hash", status.hash},
       {"loaded_at", rfc3339(status.loaded_at)},
       {"last_error", status.last_error.empty() ? Json(nullptr) : Json(status.last_error)},
       {"source", status.source}});
}

std::string services_json(const Snapshot& snapshot, const EndpointsActive& active, MonoTime now) {
  Json services = Json::array();
  for (const auto& entry : snapshot.services) {
    Json pools = Json::array();
    for (const Pool& pool : entry->service.pools()) {
      Json endpoints = Json::array();
      for (const Endpoint& endpoint : pool.endpoints) {
        const auto found = active.find(endpoint.name);
        const bool healthy = !endpoint.unhealthy() && is_reachable(pool, endpoint, now);
        endpoints.push_back({{"address", endpoint.name},
                             {"weight", endpoint.weight},
                             {"healthy", healthy},
                             {"ejected", endpoint.ejected()},
                             {"active", found == active.end() ? 0 : found->second}});
        if (!endpoint.unresolved.empty()) endpoints.back()["unresolved"] = endpoint.unresolved;
        if (endpoint.suspect_until) endpoints.back()["suspect"] = true;
      }
      const Breaker& breaker = pool.health->breaker;
      pools.push_back({{"name", pool.name}, {"breaker", to_string(breaker.state())}});
      if (breaker.forced() != Breaker::Forced::kNot) pools.back()["forced"] = true;
      pools.back()["endpoints"] = std::move(endpoints);
    }
    services.push_back({{"name", entry->service.name()}, {"pools", std::move(pools)}});
  }
  return json_page({{"services", std::move(services)}});
}

ExtraFamily breaker_metrics(const Snapshot& snapshot) {
  ExtraFamily family{
      "woad_breaker_state", "Circuit breakers: 0 closed, 1 half-open, 2 open.", true, {}};
  for (const auto& entry : snapshot.services) {
    const Service& service = entry->service;
    for (const Pool& pool : service.pools()) {
      if (family.samples.size() == WorkerMetrics::kMaxSeries) return family;
      family.samples.push_back({{{"service", std::string(service.name())}, {"pool", pool.name}},
                                static_cast<double>(pool.health->breaker.state())});
    }
  }
  return family;
}

ExtraFamily endpoint_metrics(const Snapshot& snapshot, MonoTime now) {
  ExtraFamily family{"woad_endpoints", "Endpoints of a pool, by how they are.", true, {}};
  const auto add = [&](const Service& service, const Pool& pool, const char* state, size_t count) {
    family.samples.push_back(
        {{{"service", std::string(service.name())}, {"pool", pool.name}, {"state", state}},
         static_cast<double>(count)});
  };
  for (const auto& entry : snapshot.services) {
    for (const Pool& pool : entry->service.pools()) {
      if (family.samples.size() + 4 > WorkerMetrics::kMaxSeries) return family;
      const Census census = census_of(pool, now);
      add(entry->service, pool, "healthy", census.well);
      add(entry->service, pool, "unhealthy", census.unhealthy + census.unreachable);
      add(entry->service, pool, "ejected", census.ejected);
      add(entry->service, pool, "suspect", census.suspect);
    }
  }
  return family;
}

std::vector<ExtraFamily> config_metrics(const ConfigStatus& status) {
  const auto result = [](const char* word, uint64_t count) {
    return ExtraFamily::Sample{{{"result", word}}, static_cast<double>(count)};
  };
  const double loaded = std::chrono::duration<double>(status.loaded_at.time_since_epoch()).count();
  return {
      {"woad_config_reloads_total",
       "Loads of the configuration file, by result.",
       false,
       {result("success", status.reloads_success), result("rejected", status.reloads_rejected),
        result("unchanged", status.reloads_unchanged)}},
      {"woad_config_info",
       "The configuration that runs.",
       true,
       {{{{"version", status.version}, {"hash", status.hash}}, 1}}},
      one_sample("woad_config_last_success_timestamp_seconds",
                 "When the running configuration was loaded.", true, loaded),
  };
}

}  // namespace woad
