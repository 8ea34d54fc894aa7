// Files of other machines: what is not known here is no error, and all around it is checked.
#include <doctest/doctest.h>

#include "filters/registry.h"
#include "proxy/snapshot/config_loader.h"

using namespace woad;

namespace {

std::vector<config::Diagnostic> errors_of(const std::string& text) {
  config::Diagnostics diagnostics("woad.yaml");
  const LoadedConfig loaded =
      load_config_text(text, "woad.yaml", config::Environment::of_service("cart"),
                       {filter_registry()}, &diagnostics);
  CHECK((loaded.snapshot != nullptr) == diagnostics.ok());
  return diagnostics.sorted();
}

TEST_CASE("elsewhere: what is not known is no error, and makes none") {
  const std::string texts[] = {
      "workers: ${CORES}\n",
      "admin: { address: \"${POD_IP}:15000\" }\n",
      "inbound: [ { address: \"${IP}:15006\", app: \"127.0.0.1:${PORT}\", mtls: off } ]\n",
      "inbound: [ { address: 127.0.0.1:1, app: original, redirect: \"${REDIRECT}\", mtls: off } "
      "]\n",
      "inbound: [ { address: 127.0.0.1:1, app: \"${APP}\", mtls: \"${MTLS}\" } ]\n",
      "outbound: [ { address: 127.0.0.1:1, redirect: \"${R}\", opaque_ports: [1] } ]\n",
      "drain: { delay: \"${DELAY}\", timeout: 1s }\n",
      "drain: { delay: 5s, timeout: \"${TIMEOUT}\" }\n",
      "context: { carry: [ \"${A}\", \"${B}\" ] }\n",
      "context: { carry: \"${ALL}\" }\n",
      "dye: [ { match: { headers: { x: { exact: \"${V}\" } } }, set: { color: \"${COLOR}\" } } ]\n",
      "dye: [ { match: { path: { prefix: \"${P}\" } }, set: { color: red } } ]\n",
      "services: { a: { load_balancing: { policy: \"${P}\", key: { header: x } } } }\n",
      "services: { a: { load_balancing: { policy: ring_hash, key: \"${K}\" } } }\n",
      "services: { a: { load_balancing: { policy: ring_hash, key: { header: \"${K}\" } } } }\n",
      "services: { a: { hosts: [ \"${H}\", \"${I}\" ] } }\n",
      "services: { a: { endpoints: [ { address: \"${A}\", weight: \"${W}\" } ] } }\n",
      "services: { a: { endpoints: \"${ALL}\" } }\n",
      "services: { a: { protocol: \"${P}\", health_check: { http: { path: /x } } } }\n",
      "services: { a: { filters: { timeout: { request: \"${T}\" } } } }\n",
      "services: { a: {} }\nroutes: [ { to: \"${TO}\" } ]\n",
      "services: { a: {} }\nroutes: [ { match: { path: { regex: \"${R}\" } }, to: a } ]\n",
      "services: { a: {} }\nroutes: [ { to: [ { service: a, weight: \"${W}\" } ] } ]\n",
      "filters: { inbound: [ authorization: { rules: [ { action: allow, match: { path: { prefix: "
      "\"${P}\" }, principals: [ \"${ID}\" ] } } ] } ] }\n",
      "filters: { inbound: [ \"${FILTER}\" ] }\n",
      "filters: { outbound: [ headers: { request: { set: { x-a: \"${V}\" } } } ] }\n",
      "filters: { inbound: [ access_log: { path: \"${LOG}\" } ] }\n",
      "tracing: { otlp: \"${COLLECTOR}\", sample: \"${SAMPLE}\" }\n",
      "limits: { headers: { bytes: \"${BYTES}\" } }\n",
      "node: { service: \"${NAME}\", labels: { color: \"${COLOR}\" } }\n",
      "log: { level: \"${LEVEL}\" }\n",
      // What the environment of a pod adds: labels, certificates.
      "services: { a: { locality: { prefer: zone } } }\n",
      "inbound: [ { address: 127.0.0.1:1, app: 127.0.0.1:2 } ]\n",
      "services: { a: { tls: { mode: mtls } } }\n",
      // Files are there, not here.
      "tls: { certificate: /no/such, key: /no/such, trust_bundle: /no/such }\n",
      "tls: { certificate: \"${DIR}/tls.crt\", key: \"${DIR}/tls.key\", trust_bundle: b }\n",
      "services: { a: { tls: { mode: tls, ca: /no/such } } }\n",
      // Known, and with a default.
      "node: { service: \"${WOAD_SERVICE}\" }\n",
      "workers: ${CORES:-2}\n",
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    for (const config::Diagnostic& each : errors_of(text)) {
      if (each.severity != config::Severity::kError) continue;
      FAIL_CHECK(each.path << ": " << each.message);
    }
  }
}

TEST_CASE("elsewhere: what surrounds it is checked") {
  struct Case {
    std::string text, path;
  };
  const Case cases[] = {
      {"workers: ${CORES}\nlog: { level: loud }\n", "log.level"},
      {"admin: { address: \"${IP}\", probe: x }\n", "admin.probe"},
      {"workers: ${CORES:-many}\n", "workers"},
      {"workers: ${1X}\n", "workers"},
      {"services: { a: { endpoints: [ { address: \"${A}\", weigth: 5 } ] } }\n",
       "services.a.endpoints[0].weigth"},
      {"services: { a: { endpoints: [ { address: \"${A}\" }, { address: b } ] } }\n",
       "services.a.endpoints[1].address"},
      {"services: { a: { endpoints: [ { weight: \"${W}\" } ] } }\n",
       "services.a.endpoints[0].address"},
      {"routes: [ { to: nobody, match: { path: { prefix: \"${P}\" } } } ]\n", "routes[0].to"},
      {"inbound: [ { address: \"${A}\", app: \"${B}\", mtls: of } ]\n", "inbound[0].mtls"},
      {"filters: { inbound: [ \"${FILTER}\", tmeout ] }\n", "filters.inbound[1]"},
      {"services: { a: { filters: { timeout: { request: \"${T}\", x: 1 } } } }\n",
       "services.a.filters.timeout.x"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.text);
    const auto errors = errors_of(each.text);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].path == each.path);
  }
}

}  // namespace
