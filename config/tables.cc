// The top of the file; services and routes have their own sources.
#include "config/tables.h"

#include "config/request_path.h"

namespace woad::config {

namespace {

const Table<NodeIdentity>& node_table() {
  static const Table<NodeIdentity> table{
      {"service", &NodeIdentity::service, name(),
       "The service of this pod; left out: WOAD_SERVICE, and required without it."},
      {"instance", &NodeIdentity::instance,
       "This pod's own name; left out: WOAD_INSTANCE, else the host name."},
      {"labels", &NodeIdentity::labels, labels(),
       "`color`, `tenant`, `zone` and any other; no color: base. WOAD_LABELS adds to them."},
  };
  return table;
}

// A number of threads, or auto, which is 0.
Shape<uint32_t> workers() {
  constexpr uint64_t kMostWorkers = 256;
  return scalar<uint32_t>(
      "integer or auto", "a number from 1 to 256, or auto",
      [] {
        return R"({"anyOf":[{"const":"auto"},)" + detail::integer_schema(1, kMostWorkers) + "]}";
      },
      [](std::string_view text) -> Result<uint32_t> {
        if (text == "auto") return uint32_t{0};
        auto value = parse_integer(text, 1, kMostWorkers);
        if (!value) return value.error();
        return static_cast<uint32_t>(*value);
      },
      [](const uint32_t& value) { return value == 0 ? "auto" : std::to_string(value); });
}

const Table<Log>& log_table() {
  static const Table<Log> table{
      {"level", &Log::level,
       words<LogLevel>({{"debug", LogLevel::kDebug},
                        {"info", LogLevel::kInfo},
                        {"warn", LogLevel::kWarn},
                        {"error", LogLevel::kError}}),
       "What is written to stderr."},
      {"format", &Log::format,
       words<LogFormat>({{"json", LogFormat::kJson}, {"text", LogFormat::kText}}),
       "How a line looks."},
  };
  return table;
}

const Table<Admin>& admin_table() {
  static const Table<Admin> table{
      {"address", &Admin::address, located(ip_port()),
       "Everything: health, metrics, configuration, explain."},
      {"probes", &Admin::probes, optional_of(located(ip_port())),
       "/healthz and /readyz alone, for the kubelet; left out: none."},
      {"metrics", &Admin::metrics, optional_of(located(ip_port())),
       "/metrics alone, for the scraper; left out: none."},
  };
  return table;
}

const Table<Inbound>& inbound_table() {
  static const Table<Inbound> table{
      required<Inbound>({"address", &Inbound::address, located(ip_port()),
                         "Where requests of other pods arrive."}),
      required<Inbound>({"app", &Inbound::app, located(app_address()),
                         "Where the app listens. With `redirect` the port may be left out, and "
                         "counts for connections that were not redirected; `original`: the address "
                         "that was called."}),
      {"redirect", &Inbound::redirect,
       "Connections arrive redirected (`woad redirect`): the app's port is the original one."},
      {"opaque_ports", &Inbound::opaque_ports, ports(),
       "Original ports whose server may speak first: relayed at once. Others are relayed when the "
       "client stays silent and the server speaks."},
      {"protocol", &Inbound::protocol,
       words<Protocol>({{"auto", Protocol::kAuto},
                        {"http1", Protocol::kHttp1},
                        {"http2", Protocol::kHttp2},
                        {"tcp", Protocol::kTcp}}),
       "What clients speak; `auto`: by ALPN or the first bytes."},
      {"mtls", &Inbound::mtls,
       words<Mtls>(
           {{"strict", Mtls::kStrict}, {"permissive", Mtls::kPermissive}, {"off", Mtls::kOff}}),
       "Who may come in: `strict`: who proves an identity of our trust domain (needs `tls`); "
       "`permissive`: plaintext too, counted; `off`: plaintext alone."},
      {"app_protocol", &Inbound::app_protocol,
       words<AppProtocol>({{"auto", AppProtocol::kAuto},
                           {"http1", AppProtocol::kHttp1},
                           {"http2", AppProtocol::kHttp2}}),
       "What the app speaks; `auto`: gRPC as HTTP/2, all else as HTTP/1.1."},
      {"probe_paths", &Inbound::probe_paths, list_of(located(request_path())),
       "GET or HEAD of exactly these may come in plaintext under `strict`; they need no rule and "
       "carry no context."},
  };
  return table;
}

const Table<Outbound>& outbound_table() {
  static const Table<Outbound> table{
      required<Outbound>(
          {"address", &Outbound::address, located(ip_port()), "Where the app's requests arrive."}),
      {"redirect", &Outbound::redirect,
       "Connections arrive redirected (`woad redirect`), on their way to an original address."},
      {"opaque_ports", &Outbound::opaque_ports, ports(),
       "Original ports whose server may speak first, as on inbound."},
      {"unmatched", &Outbound::unmatched,
       optional_of(words<Unmatched>(
           {{"passthrough", Unmatched::kPassthrough}, {"reject", Unmatched::kReject}})),
       "What no service claims. `passthrough`: on to its original address, for redirected "
       "connections; `reject`: 404 `no_route`. Left out: passthrough with `redirect`, else "
       "reject."},
  };
  return table;
}

const Table<Chains>& chains_table() {
  static const Table<Chains> table{
      {"inbound", &Chains::inbound, optional_of(filter_chain()),
       "The chain of requests from other pods; left out: the default chain."},
      {"outbound", &Chains::outbound, optional_of(filter_chain()),
       "The chain of the app's requests; left out: the default chain."},
  };
  return table;
}

const Table<HeaderLimits>& header_limits_table() {
  static const Table<HeaderLimits> table{
      {"bytes", &HeaderLimits::bytes, size(kib(1), mib(1)),
       "All headers of a message: 431 or 502."},
      {"count", &HeaderLimits::count, integer<uint32_t>(1, 10000),
       "Headers of a message: 431 or 502."},
      {"target", &HeaderLimits::target, size(kib(1), mib(1)), "The request target: 414."},
  };
  return table;
}

const Table<Http2Limits>& http2_limits_table() {
  static const Table<Http2Limits> table{
      {"concurrent_streams", &Http2Limits::concurrent_streams, integer<uint32_t>(1, 100000),
       "Streams at once on a client's connection."},
      {"resets_per_second", &Http2Limits::resets_per_second, integer<uint32_t>(1, 1000000),
       "Resets a connection, by either side, with a burst of two seconds' worth; over it GOAWAY."},
  };
  return table;
}

const Table<Limits>& limits_table() {
  static const Table<Limits> table{
      {"headers", &Limits::headers, header_limits_table(), "Heads, in both directions."},
      {"client_connections", &Limits::client_connections, integer<uint32_t>(1, 1'000'000),
       "Client connections at once."},
      {"buffer", &Limits::buffer, size(kib(16), mib(16)),
       "Bytes held a stream and direction before back-pressure; also the HTTP/2 stream window."},
      {"http2", &Limits::http2, http2_limits_table(), "HTTP/2 alone."},
      {"idle_timeout", &Limits::idle_timeout, duration(seconds(1)),
       "A client connection with no request in flight is closed."},
      {"header_timeout", &Limits::header_timeout, duration(milliseconds(1)),
       "The TLS handshake, and the whole head of a request from its first byte: 408 or close."},
  };
  return table;
}

// Where spans are sent. Only plain HTTP for now.
Shape<std::string> otlp_url() {
  const std::string hint = "write http://127.0.0.1:4318/v1/traces";
  Shape<std::string> shape = scalar<std::string>(
      "http URL", hint, [] { return detail::pattern_schema("^http://", "http://127.0.0.1:4318"); },
      [](std::string_view text) -> Result<std::string> {
        if (text.starts_with("https://")) {
          return Error{"https is not available in this version of woad yet"};
        }
        const Error error{in_quotes(text) + " is not an http URL"};
        if (!text.starts_with("http://")) return error;
        std::string_view rest = text.substr(7);
        std::string authority(rest.substr(0, rest.find('/')));
        if (authority.find(':',
                           authority.rfind(']') == std::string::npos ? 0 : authority.rfind(']')) ==
            std::string::npos) {
          authority += ":80";
        }
        if (!parse_host_port(authority)) return error;
        return std::string(text);
      },
      [](const std::string& value) { return value; });
  return shape;
}

const Table<Tracing>& tracing_table() {
  static const Table<Tracing> table{
      {"otlp", &Tracing::otlp, optional_of(located(otlp_url())),
       "Collector for OTLP/HTTP, JSON; left out: what OTEL_EXPORTER_OTLP_* say."},
      {"sample", &Tracing::sample,
       "Share of the traces that begin here and are recorded; left out: what OTEL_TRACES_SAMPLER "
       "says, else 1%."},
  };
  return table;
}

const Table<Drain>& drain_table() {
  static const Table<Drain> table{
      {"delay", &Drain::delay, "After SIGTERM: not ready, still accepting for so long."},
      {"timeout", &Drain::timeout, "What runs then is cut after so long in all."},
  };
  return table;
}

}  // namespace

Shape<std::vector<uint16_t>> ports() { return list_of(integer<uint16_t>(1, 65535)); }

const Table<Config>& config_table() {
  static const Table<Config> table{
      {"version", &Config::version,
       "Free text, usually the control plane's revision; shown by /config/status and a metric."},
      required<Config>({"node", &Config::node, node_table(),
                        "Who this pod is; may be left out when WOAD_SERVICE is set."}),
      {"workers", &Config::workers, workers(), "Event-loop threads; `auto`: the usable cores."},
      {"log", &Config::log, log_table(), "The process log on stderr."},
      {"admin", &Config::admin, admin_table(), "Addresses for people, probes and scrapers."},
      {"tls", &Config::tls, tls_table(), "This workload's identity; all files are watched."},
      {"inbound", &Config::inbound, inbound_table(), "Listeners: other pods to this app."},
      {"outbound", &Config::outbound, outbound_table(), "Listeners: this app to other pods."},
      {"context", &Config::context, context_table(), "What travels with a request."},
      {"dye", &Config::dye, dye_table(),
       "How a request without a colour gets one here, first match wins."},
      {"services", &Config::services, services(), "What this app may call."},
      {"routes", &Config::routes, route_table(),
       "Outbound, first match wins; a request that none matches goes to the service of its host."},
      {"filters", &Config::filters, chains_table(), "The chains, in order."},
      {"limits", &Config::limits, limits_table(), "What a client may take."},
      {"drain", &Config::drain, drain_table(), "The graceful end."},
      {"tracing", &Config::tracing, tracing_table(),
       "Where spans go; left out: trace headers are made and passed on, nothing is exported."},
  };
  return table;
}

}  // namespace woad::config
