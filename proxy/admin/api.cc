#include "proxy/admin/api.h"

#include <algorithm>
#include <utility>

#include "proxy/admin/breaker.h"
#include "proxy/admin/context.h"
#include "proxy/admin/pages.h"
#include "proxy/admin/query.h"
#include "proxy/admin/tap.h"
#include "proxy/base/strings.h"
#include "proxy/explain/explain.h"
#include "proxy/http/accept.h"
#include "proxy/http/browser.h"
#include "proxy/observe/prometheus.h"

namespace woad {
namespace {

constexpr int kOnAll = static_cast<int>(AdminScope::kAll);
constexpr int kOnProbes = kOnAll | static_cast<int>(AdminScope::kProbes);
constexpr int kOnMetrics = kOnAll | static_cast<int>(AdminScope::kMetrics);
constexpr std::string_view kJson = "application/json";

Result<ExplainRequest> read_explain_request(std::string_view query) {
  const auto url = query_value(query, "url");
  if (!url || url->empty()) {
    return Error{"say which: /explain?url=http://price/x&method=GET&header=x-woad-color:+red"};
  }
  ExplainRequest request;
  request.url = percent_decoded(*url, false);
  if (const auto method = query_value(query, "method")) {
    request.method = percent_decoded(*method, true);
  }
  for (const std::string_view raw : query_values(query, "header")) {
    const std::string header = percent_decoded(raw, true);
    const size_t colon = header.find(':');
    if (colon == std::string::npos) return Error{"header is not \"name: value\""};
    request.headers.emplace_back(trim(std::string_view(header).substr(0, colon)),
                                 trim(std::string_view(header).substr(colon + 1)));
  }
  return request;
}

}  // namespace

const AdminApi::Endpoint AdminApi::kEndpoints[] = {
    {"GET", "/", kOnAll, "this page", Needs::kConfiguration, &AdminApi::index},
    {"GET", "/healthz", kOnProbes, "200 while the process runs", Needs::kNothing,
     &AdminApi::healthz},
    {"GET", "/readyz", kOnProbes, "200 when ready, else 503 and why; warnings", Needs::kNothing,
     &AdminApi::readyz},
    {"GET", "/metrics", kOnMetrics, "Prometheus or OpenMetrics text", Needs::kNothing,
     &AdminApi::metrics},
    {"GET", "/config", kOnAll, "the configuration that runs", Needs::kConfiguration,
     &AdminApi::config},
    {"GET", "/config/status", kOnAll, "its version, and the last error", Needs::kNothing,
     &AdminApi::config_status},
    {"GET", "/services", kOnAll, "services, pools and endpoints", Needs::kConfiguration,
     &AdminApi::services},
    {"GET", "/explain", kOnAll, "?url=http://price/x: why a request would go where",
     Needs::kConfiguration, &AdminApi::explain_request},
    {"GET", "/context", kOnAll, "?id=<trace or request id>: which context it stands for",
     Needs::kConfiguration, &AdminApi::context},
    {"GET", "/certs", kOnAll, "this workload's identity, its end, and who comes in plaintext",
     Needs::kConfiguration, &AdminApi::certs},
    {"GET", "/tap", kOnAll, "?color=red&status=5xx: requests as they end, a JSON line each",
     Needs::kConfiguration, &AdminApi::tap},
    {"POST", "/breaker", kOnAll, "?service=price&pool=base&state=open, closed or auto: for drills",
     Needs::kConfiguration, &AdminApi::force_breaker},
    {"POST", "/drain", kOnAll, "the graceful end of inbound; outbound serves on", Needs::kNothing,
     &AdminApi::drain},
    {"POST", "/log", kOnAll, "?level=debug, info, warn or error", Needs::kNothing,
     &AdminApi::log_level},
};

void AdminApi::answer(const RequestHead& request, AdminScope scope, bool loopback, Done done) {
  if (scope == AdminScope::kAll && loopback && !is_loopback_host(request.authority)) {
    done(plain(403,
               "forbidden: this address answers only to 127.0.0.1, [::1] or localhost as Host\n"));
    return;
  }
  const std::string_view path = request.path_only();
  const auto endpoint =
      std::find_if(std::begin(kEndpoints), std::end(kEndpoints), [&](const Endpoint& candidate) {
        return candidate.path == path && (candidate.scopes & static_cast<int>(scope)) != 0;
      });
  if (endpoint == std::end(kEndpoints)) {
    done(not_found(scope));
    return;
  }
  const bool reads = endpoint->method == "GET";
  const bool fits =
      request.method_name == endpoint->method || (reads && request.method == Method::kHead);
  if (!fits) {
    WebResponse refusal =
        plain(405, std::string(path) + " takes " + std::string(endpoint->method) + "\n");
    refusal.headers.emplace_back("allow", reads ? "GET, HEAD" : "POST");
    done(std::move(refusal));
    return;
  }
  if (!reads && from_foreign_page(request)) {
    done(plain(403, "forbidden: changes are not made for pages of another origin\n"));
    return;
  }
  if (endpoint->needs == Needs::kConfiguration && backend_.snapshot() == nullptr) {
    done(plain(503, "not ready: " + backend_.not_ready() + "\n"));
    return;
  }
  (this->*endpoint->handle)(request, done);
}

WebResponse AdminApi::not_found(AdminScope scope) const {
  std::string text = "not found; there are:\n";
  for (const Endpoint& endpoint : kEndpoints) {
    if ((endpoint.scopes & static_cast<int>(scope)) == 0) continue;
    text.append("  ").append(endpoint.method).append(" ").append(endpoint.path).append("\n");
  }
  return plain(404, std::move(text));
}

void AdminApi::index(const RequestHead&, Done& done) {
  std::vector<IndexLine> lines;
  for (const Endpoint& endpoint : kEndpoints) {
    lines.push_back({endpoint.method, endpoint.path, endpoint.purpose});
  }
  const auto snapshot = backend_.snapshot();
  done({.content_type = "text/html; charset=utf-8",
        .body = index_page({.service = snapshot->node_service,
                            .instance = snapshot->instance,
                            .not_ready = backend_.not_ready(),
                            .warnings = backend_.warnings(),
                            .status = backend_.config_status(),
                            .lines = std::move(lines)})});
}

void AdminApi::healthz(const RequestHead&, Done& done) { done(plain(200, "ok\n")); }

void AdminApi::readyz(const RequestHead&, Done& done) {
  const std::string why = backend_.not_ready();
  if (!why.empty()) {
    done(plain(503, "not ready: " + why + "\n"));
    return;
  }
  std::string text = "ready\n";
  for (const std::string& warning : backend_.warnings()) text += warning_line(warning) + "\n";
  done(plain(200, std::move(text)));
}

void AdminApi::metrics(const RequestHead& request, Done& done) {
  const auto form = accepts(request.headers, kOpenMetricsType) ? Exposition::kOpenMetrics
                                                               : Exposition::kPrometheus;
  auto extra = config_metrics(backend_.config_status());
  if (const auto snapshot = backend_.snapshot()) {
    extra.push_back(breaker_metrics(*snapshot));
    extra.push_back(endpoint_metrics(*snapshot, backend_.now()));
  }
  for (auto& family : backend_.process_metrics()) extra.push_back(std::move(family));
  backend_.collect_metrics([form, extra = std::move(extra), done](const MetricsSnapshot& merged) {
    done({.content_type = content_type(form), .body = render_metrics(merged, extra, form)});
  });
}

void AdminApi::config(const RequestHead&, Done& done) {
  done({.content_type = "application/yaml", .body = *backend_.snapshot()->source});
}

void AdminApi::config_status(const RequestHead&, Done& done) {
  done({.content_type = kJson, .body = config_status_json(backend_.config_status())});
}

void AdminApi::services(const RequestHead&, Done& done) {
  backend_.collect_endpoints(
      [this, snapshot = backend_.snapshot(), done](const EndpointsActive& active) {
        done({.content_type = kJson, .body = services_json(*snapshot, active, backend_.now())});
      });
}

void AdminApi::certs(const RequestHead&, Done& done) {
  backend_.collect_plaintext_callers([snapshot = backend_.snapshot(),
                                      status = backend_.certificate_status(), now = backend_.wall(),
                                      done](const PlaintextCallers& callers) {
    done({.content_type = kJson, .body = certificates_json(*snapshot, status, callers, now)});
  });
}

void AdminApi::explain_request(const RequestHead& request, Done& done) {
  const std::string_view format = query_value(request.query(), "format").value_or("json");
  if (format != "json" && format != "text") {
    done(plain(400, "format is json or text\n"));
    return;
  }
  auto asked = read_explain_request(request.query());
  if (!asked) {
    done(plain(400, asked.error().message + "\n"));
    return;
  }
  asked->now = backend_.now();
  const auto explanation = explain(*backend_.snapshot(), *asked);
  if (!explanation) {
    done(plain(400, explanation.error().message + "\n"));
  } else if (format == "text") {
    done(plain(200, to_text(*explanation)));
  } else {
    done({.content_type = kJson, .body = to_json(*explanation)});
  }
}

void AdminApi::context(const RequestHead& request, Done& done) {
  const auto id = query_value(request.query(), "id");
  if (!id || id->empty()) {
    done(plain(400, "say which: /context?id=<trace id, traceparent or request id>\n"));
    return;
  }
  auto json =
      context_json(backend_.snapshot()->context, percent_decoded(*id, false), backend_.now());
  if (json) {
    done({.content_type = kJson, .body = std::move(*json)});
  } else {
    done(plain(404, "no request with this id is under way or has just ended\n"));
  }
}

void AdminApi::tap(const RequestHead& request, Done& done) {
  if (from_foreign_page(request)) {
    done(plain(403, "forbidden: requests are not shown to pages of another origin\n"));
  } else {
    done(open_tap(backend_.taps(), request.query()));
  }
}

void AdminApi::drain(const RequestHead&, Done& done) {
  backend_.drain_inbound();
  done(plain(202, "draining inbound\n"));
}

void AdminApi::force_breaker(const RequestHead& request, Done& done) {
  done(::woad::force_breaker(*backend_.snapshot(), request.query()));
}

void AdminApi::log_level(const RequestHead& request, Done& done) {
  const std::string level(query_value(request.query(), "level").value_or(""));
  if (!backend_.set_log_level(level)) {
    done(plain(400, "level is debug, info, warn or error: /log?level=debug\n"));
    return;
  }
  done(plain(200, "the log level is now " + level + "\n"));
}

}  // namespace woad
