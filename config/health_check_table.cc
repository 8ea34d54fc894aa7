// `services.<service>.health_check`.
#include "config/request_path.h"
#include "config/tables.h"

namespace woad::config {
namespace {

constexpr Duration kShortestInterval = milliseconds(10);

const Table<HttpCheck>& http_check_table() {
  static const Table<HttpCheck> table{required<HttpCheck>(
      {"path", &HttpCheck::path, request_target(), "What is asked for, a query too."},
      "http: { path: /healthz }")};
  return table;
}

const Table<GrpcCheck>& grpc_check_table() {
  static const Table<GrpcCheck> table{
      {"service", &GrpcCheck::service, text(),
       "Whose health is asked for; empty: the server's as a whole."}};
  return table;
}

const Table<TcpCheck>& tcp_check_table() {
  static const Table<TcpCheck> table;
  return table;
}

}  // namespace

const Table<HealthCheck>& health_check_table() {
  static const Table<HealthCheck> table{
      {{"http", &HealthCheck::http, http_check_table(), "`GET` of a path: 2xx is healthy."},
       {"grpc", &HealthCheck::grpc, grpc_check_table(),
        "`grpc.health.v1.Health/Check` over HTTP/2: `SERVING` is healthy."},
       {"tcp", &HealthCheck::tcp, tcp_check_table(),
        "A connection that can be opened, its TLS handshake included, is healthy."},
       {"interval", &HealthCheck::interval, duration(kShortestInterval),
        "From one probe to the next, give or take a tenth."},
       {"timeout", &HealthCheck::timeout, duration(milliseconds(1)),
        "How long a probe may take, with its connection; left out and longer than `interval`: as "
        "long as that."},
       {"unhealthy_after", &HealthCheck::unhealthy_after, integer<uint32_t>(1, 1000),
        "So many failed probes in a row make an endpoint unhealthy."},
       {"healthy_after", &HealthCheck::healthy_after, integer<uint32_t>(1, 1000),
        "So many good ones in a row make it healthy again."}},
      [](const HealthCheck& check, const Node& node, Diagnostics& d) {
        if (check.http.has_value() + check.grpc.has_value() + check.tcp.has_value() != 1) {
          d.error(node, "needs exactly one of http, grpc and tcp",
                  "http: { path: /healthz }, grpc: {} or tcp: {}");
        }
        const Node timeout = node.find("timeout");
        if (timeout && check.timeout > check.interval) {
          d.error(timeout, "timeout (" + show(check.timeout) + ") is longer than interval (" +
                               show(check.interval) + "): a probe ends before the next");
        }
      }};
  return table;
}

bool suits(const HealthCheck& check, Protocol protocol, Diagnostics& d) {
  const size_t before = d.count();
  if (protocol == Protocol::kTcp && !check.tcp) {
    d.error(check.source, "a service of protocol: tcp is asked by tcp: {} alone");
  }
  if (protocol == Protocol::kHttp1 && check.grpc) {
    d.error(check.source, "grpc needs HTTP/2, and the service's protocol is http1");
  }
  return d.count() == before;
}

}  // namespace woad::config
