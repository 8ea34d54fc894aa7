#include "proxy/control/store/kubernetes/discovery.h"

#include <doctest/doctest.h>

#include "tests/control/store/kubernetes/samples.h"

namespace woad::control::kubernetes {
namespace {

using test::endpoint;
using test::json;

struct Given {
  Json service = test::service("shop", "price", 1);
  std::string endpoints = endpoint("p1", "10.0.0.1");
  std::string slice_port = "{'port': 8080}";
  std::string labels = "{}";
  bool in_mesh = true;  // p1
};

Discovered found(const Given& given, std::string_view mesh_space = "woad-system") {
  const auto service = read_service(given.service);
  const auto slice = read_slice(test::slice("shop", "price", 2, given.endpoints, given.slice_port));
  std::map<ObjectName, PodObject> pods = {
      {{"shop", "p1"}, read_pod(test::pod("shop", "p1", 3, given.labels))}, {{"shop", "p2"}, {}}};
  pods[{"shop", "p1"}].in_mesh = given.in_mesh;
  return discover({"shop", "price"}, mesh_space, *service, {&*slice}, pods);
}

TEST_CASE("kubernetes discovery: a service and its instance, by name and namespace") {
  CHECK(
      found({}) ==
      Discovered{
          {"discovered/price.shop",
           R"({"name":"price","namespace":"shop","service":{"hosts":["price.shop","price.shop.svc",)"
           R"("price.shop.svc.cluster.local","10.96.0.5"]}})"},
          {"instances/price.shop/p1", R"({"address":"10.0.0.1:8080","labels":{}})"}});
  const Discovered at_home = found({}, "shop");
  CHECK(json(at_home.at("discovered/price"))["service"]["hosts"][0] == "price");
  CHECK(at_home.contains("instances/price/p1"));
}

TEST_CASE("kubernetes discovery: appProtocol gives the protocol") {
  struct Row {
    const char* app_protocol;
    const char* protocol;  // "": left to the sidecar
  };
  const Row rows[] = {
      {"", ""},
      {"http", ""},
      {"kubernetes.io/ws", ""},
      {"http2", "http2"},
      {"grpc", "http2"},
      {"kubernetes.io/h2c", "http2"},
      {"h2c", "http2"},
      {"tcp", "tcp"},
      {"https", "tcp"},
      {"mysql", "tcp"},
      {"example.org/x", "tcp"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.app_protocol);
    Given given;
    given.service = test::service(
        "shop", "price", 1, "{'port': 80, 'appProtocol': '" + std::string(row.app_protocol) + "'}");
    const Json service = json(found(given).at("discovered/price.shop"))["service"];
    CHECK(service.value("protocol", "") == row.protocol);
  }
  Given given;
  given.service = test::service("shop", "price", 1, "{'port': 443, 'name': 'https'}");
  CHECK(json(found(given).at("discovered/price.shop"))["service"]["protocol"] == "tcp");
}

TEST_CASE("kubernetes discovery: which port of several") {
  struct Row {
    const char* ports;
    const char* address;  // of the slice's a 8001, b 8002, http 8003; "": nobody there
  };
  const Row rows[] = {
      {"{'name': 'a', 'port': 1}", "10.0.0.1:8001"},
      {"{'name': 'a', 'port': 1}, {'name': 'b', 'port': 2}", "10.0.0.1:8001"},
      {"{'name': 'a', 'port': 1}, {'name': 'http', 'port': 2}", "10.0.0.1:8003"},
      {"{'name': 'http', 'port': 1}, {'name': 'b', 'port': 2, 'appProtocol': 'grpc'}",
       "10.0.0.1:8002"},
      {"{'name': 'a', 'port': 1, 'appProtocol': 'mysql'}, {'name': 'b', 'port': 2}",
       "10.0.0.1:8001"},
      {"{'name': 'other', 'port': 1}", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.ports);
    Given given;
    given.service = test::service("shop", "price", 1, row.ports);
    given.slice_port =
        "{'name': 'a', 'port': 8001}, {'name': 'b', 'port': 8002}, "
        "{'name': 'http', 'port': 8003}";
    const Discovered all = found(given);
    const auto instance = all.find("instances/price.shop/p1");
    CHECK((instance == all.end() ? "" : json(instance->second)["address"]) == row.address);
  }
}

TEST_CASE("kubernetes discovery: each further port is a service of its own on the same hosts") {
  Given given;
  given.service = test::service(
      "shop", "price", 1,
      "{'name': 'metrics', 'port': 90}, {'name': 'http', 'port': 80}, "
      "{'name': 'rpc', 'port': 50, 'appProtocol': 'tcp'}, {'name': 'nobody', 'port': 1}");
  given.slice_port =
      "{'name': 'http', 'port': 8080}, {'name': 'metrics', 'port': 9090}, "
      "{'name': 'rpc', 'port': 5000}";
  const Discovered all = found(given);
  const Json whole = json(all.at("discovered/price.shop"));
  CHECK_FALSE(whole.contains("port_of"));
  CHECK_FALSE(whole["service"].contains("ports"));
  struct Row {
    const char* name;
    int port;
    const char* protocol;  // "": left to the sidecar
    const char* address;   // "": nobody there
  };
  const Row rows[] = {{"price.shop_metrics", 90, "", "10.0.0.1:9090"},
                      {"price.shop_rpc", 50, "tcp", "10.0.0.1:5000"},
                      {"price.shop_nobody", 1, "", ""}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Json told = json(all.at("discovered/" + std::string(row.name)));
    CHECK(told["name"] == "price");
    CHECK(told["port_of"] == "price.shop");
    CHECK(told["service"]["hosts"] == whole["service"]["hosts"]);
    CHECK(told["service"]["ports"] == Json::array({row.port}));
    CHECK(told["service"].value("protocol", "") == row.protocol);
    const auto instance = all.find("instances/" + std::string(row.name) + "/p1");
    CHECK((instance == all.end() ? "" : json(instance->second)["address"]) == row.address);
  }
  CHECK(all.size() == 4 + 3);  // and the instance of the service itself
}

TEST_CASE("kubernetes discovery: labels, and who is left out for them") {
  struct Row {
    const char* labels;    // of the pod
    const char* endpoint;  // more of it
    const char* found;     // labels of the instance; "": left out
  };
  const Row rows[] = {
      {"{}", "", "{}"},
      {"{'woad.dev/color': 'red'}", "", "{'color': 'red'}"},
      {"{'woad.dev/color': 'base'}", "", "{}"},
      {"{'woad.dev/color': 'Red_1'}", "", ""},
      {"{'woad.dev/tenant': 'A'}", "", ""},
      {"{'topology.kubernetes.io/zone': 'z9'}", "", "{'zone': 'z9'}"},
      {"{'topology.kubernetes.io/zone': 'z9'}", ", 'zone': 'z1'", "{'zone': 'z1'}"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.labels);
    Given given;
    given.labels = row.labels;
    given.endpoints = endpoint("p1", "10.0.0.1", row.endpoint);
    const Discovered all = found(given);
    const auto instance = all.find("instances/price.shop/p1");
    CHECK((instance == all.end()) == (*row.found == '\0'));
    if (instance != all.end()) CHECK(json(instance->second)["labels"] == json(row.found));
  }
}

TEST_CASE("kubernetes discovery: plaintext to those that have no sidecar") {
  struct Row {
    bool in_mesh;
    std::string endpoints;
    bool plaintext;
  };
  const std::string not_ready = ", 'conditions': {'ready': false}";
  const Row rows[] = {
      {true, endpoint("p1", "10.0.0.1"), false},
      {false, endpoint("p1", "10.0.0.1"), true},
      {true, endpoint("p1", "10.0.0.1") + ", " + endpoint("p2", "10.0.0.2"), false},
      {true, endpoint("p1", "10.0.0.1", not_ready) + ", " + endpoint("p2", "10.0.0.2"), false},
      {false, endpoint("p1", "10.0.0.1", not_ready), true},
      {false, "{'addresses': ['10.0.0.7']}", true},
      {false, endpoint("p-unknown", "10.0.0.8"), false},
      {false, "", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.endpoints);
    Given given;
    given.in_mesh = row.in_mesh;
    given.endpoints = row.endpoints;
    const Json service = json(found(given).at("discovered/price.shop"))["service"];
    CHECK(service.contains("tls") == row.plaintext);
    if (row.plaintext) CHECK(service["tls"]["mode"] == "off");
  }
}

TEST_CASE("kubernetes discovery: endpoints without a pod, and with one that is not known") {
  Given given;
  given.endpoints = "{'addresses': ['10.0.0.7']}, {'addresses': ['no.address']}, " +
                    endpoint("p-unknown", "10.0.0.8");
  const Discovered all = found(given);
  CHECK(all.size() == 2);
  CHECK(all.contains("instances/price.shop/10.0.0.7:8080"));
}

TEST_CASE("kubernetes discovery: the first family of a service alone") {
  Given given;
  given.service["spec"]["ipFamilies"] = {"IPv6", "IPv4"};
  CHECK(found(given).size() == 1);
}

}  // namespace
}  // namespace woad::control::kubernetes
