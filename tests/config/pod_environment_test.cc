#include <doctest/doctest.h>

#include <map>
#include <string>

#include "config/load.h"

using namespace woad::config;

namespace {

using Variables = std::map<std::string, std::string>;

LoadResult load(const std::string& text, const Variables& variables) {
  Environment environment;
  environment.host_name = "host-1";
  environment.variable = [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return load_text(text, "woad.yaml", environment);
}

TEST_CASE("pod environment: what the file leaves out") {
  const auto loaded = load("outbound: []\n", {{"WOAD_SERVICE", "cart"},
                                              {"WOAD_INSTANCE", "cart-1"},
                                              {"WOAD_LABELS", "color=red,zone=z1"}});
  REQUIRE_MESSAGE(loaded.ok(), loaded.diagnostics.text());
  const NodeIdentity& node = loaded.config->node;
  CHECK(node.service == "cart");
  CHECK(node.instance == "cart-1");
  CHECK(label(node.labels, "color") == "red");
  CHECK(label(node.labels, "zone") == "z1");
}

TEST_CASE("pod environment: the file wins, label by label") {
  const auto loaded = load("node: { service: price, labels: { color: blue } }\n",
                           {{"WOAD_SERVICE", "cart"}, {"WOAD_LABELS", "color=red,zone=z1"}});
  REQUIRE_MESSAGE(loaded.ok(), loaded.diagnostics.text());
  CHECK(loaded.config->node.service == "price");
  CHECK(loaded.config->node.instance == "host-1");
  CHECK(label(loaded.config->node.labels, "color") == "blue");
  CHECK(label(loaded.config->node.labels, "zone") == "z1");
}

TEST_CASE("pod environment: a map of labels alone takes the service from it") {
  CHECK(load("node: { labels: { zone: z2 } }\n", {{"WOAD_SERVICE", "cart"}}).ok());
}

TEST_CASE("pod environment: certificates and probes") {
  const std::string inbound =
      "inbound: [ { address: 127.0.0.1:15006, app: 127.0.0.1:80, probe_paths: [/ready] } ]\n";
  const auto loaded = load(inbound, {{"WOAD_SERVICE", "cart"},
                                     {"WOAD_TLS_DIR", "/etc/tls"},
                                     {"WOAD_PROBE_PATHS", "/healthz,/live?deep=1"}});
  REQUIRE_MESSAGE(loaded.ok(), loaded.diagnostics.text());
  REQUIRE(loaded.config->tls.has_value());
  CHECK(*loaded.config->tls->certificate == "/etc/tls/tls.crt");
  CHECK(*loaded.config->tls->key == "/etc/tls/tls.key");
  CHECK(*loaded.config->tls->trust_bundle == "/etc/tls/ca.crt");
  std::string paths;
  for (const auto& path : loaded.config->inbound[0].probe_paths) paths += *path + " ";
  CHECK(paths == "/ready /healthz /live?deep=1 ");
}

TEST_CASE("pod environment: what is wrong is told") {
  struct Case {
    std::string text;
    Variables variables;
    std::string says;
  };
  const std::string nothing = "outbound: []\n";
  for (const Case& each : {
           Case{nothing, {}, "node: is required and missing"},
           Case{nothing, {{"WOAD_SERVICE", ""}}, "node: is required and missing"},
           Case{nothing, {{"WOAD_SERVICE", " \t"}}, "node: is required and missing"},
           Case{"node: { instance: a }\n", {}, "node.service: is required and missing"},
           Case{nothing,
                {{"WOAD_SERVICE", "a"}, {"WOAD_LABELS", "color"}},
                "WOAD_LABELS: \"color\" has no ="},
           Case{nothing,
                {{"WOAD_SERVICE", "a"}, {"WOAD_LABELS", "zone=z1,zone=z2"}},
                "WOAD_LABELS: \"zone\" stands here twice"},
           Case{nothing,
                {{"WOAD_SERVICE", "a"}, {"WOAD_LABELS", "color=base"}},
                "WOAD_LABELS: base is reserved"},
           Case{nothing,
                {{"WOAD_SERVICE", "a"}, {"WOAD_LABELS", "tenant=A B"}},
                "WOAD_LABELS: \"A B\" is not a tenant"},
           Case{nothing,
                {{"WOAD_SERVICE", "a"}, {"WOAD_PROBE_PATHS", "healthz"}},
                "WOAD_PROBE_PATHS: \"healthz\" is not a path"},
       }) {
    CAPTURE(each.says);
    const auto loaded = load(each.text, each.variables);
    CHECK(!loaded.ok());
    CHECK(loaded.diagnostics.text().find(each.says) != std::string::npos);
  }
  CHECK(load("node: { servise: a }\n", {}).diagnostics.count() == 1);
}

}  // namespace
