#include "proxy/control/store/kubernetes/objects.h"

#include <doctest/doctest.h>

#include "tests/control/store/kubernetes/samples.h"

namespace woad::control::kubernetes {
namespace {

using test::json;

TEST_CASE("kubernetes objects: name and version") {
  const Result<Meta> meta = read_meta(test::pod("shop", "price-1", 42));
  REQUIRE(meta);
  CHECK(meta->name == ObjectName{"shop", "price-1"});
  CHECK(meta->version == 42);
  for (const char* const bad :
       {"null", "[]", "'x'", "{}", "{'metadata': 5}", "{'metadata': {'name': 'a'}}",
        "{'metadata': {'name': 'a', 'resourceVersion': 'x1'}}",
        "{'metadata': {'name': 'a', 'resourceVersion': 5}}",
        "{'metadata': {'name': '', 'resourceVersion': '5'}}"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_meta(json(bad)));
  }
}

TEST_CASE("kubernetes objects: services that can be connected to") {
  struct Row {
    const char* object;
    int ports;  // -1: none that counts
  };
  const Row rows[] = {
      {"{'spec': {'ports': [{'port': 80}]}}", 1},
      {"{'spec': {'ports': [{'port': 80, 'protocol': 'TCP'}, {'port': 53, 'protocol': 'UDP'}]}}",
       1},
      {"{'spec': {'ports': [{'port': 53, 'protocol': 'UDP'}]}}", -1},
      {"{'spec': {'type': 'ExternalName', 'ports': [{'port': 80}]}}", -1},
      {"{'spec': {'ports': [{'port': 0}, {'port': 65536}, {'port': -1}, {'port': '80'}, 7]}}", -1},
      {"{'spec': {'ports': 'none'}}", -1},
      {"{'spec': {}}", -1},
      {"{}", -1},
      {"7", -1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.object);
    const auto service = read_service(json(row.object));
    CHECK((service ? static_cast<int>(service->ports.size()) : -1) == row.ports);
  }
  const auto headless =
      read_service(json("{'spec': {'clusterIPs': ['None'], 'ipFamilies': ['IPv6'],"
                        "'ports': [{'port': 80}]}}"));
  REQUIRE(headless);
  CHECK(headless->addresses.empty());
  CHECK(headless->family == "IPv6");
}

TEST_CASE("kubernetes objects: which endpoints take requests") {
  struct Row {
    const char* conditions;
    bool takes;
  };
  const Row rows[] = {
      {"{}", true},
      {"null", true},
      {"{'ready': null}", true},
      {"{'ready': true}", true},
      {"{'ready': false}", false},
      {"{'ready': false, 'serving': true}", false},
      {"{'ready': true, 'terminating': true}", false},
      {"{'ready': true, 'terminating': false}", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.conditions);
    const auto slice = read_slice(test::slice(
        "shop", "price", 1,
        test::endpoint("p1", "10.0.0.1", std::string(", 'conditions': ") + row.conditions)));
    REQUIRE(slice);
    REQUIRE(slice->endpoints.size() == 1);
    CHECK(slice->endpoints[0].takes_requests == row.takes);
  }
}

TEST_CASE("kubernetes objects: slices") {
  CHECK_FALSE(read_slice(json("{'addressType': 'IPv4'}")));
  const auto slice = read_slice(test::slice(
      "shop", "price", 1,
      "{'addresses': []}, {'addresses': 'x'}, 7, {'addresses': ['10.0.0.9', '10.0.0.9'], "
      "'zone': 'z1', 'targetRef': {'kind': 'Node', 'name': 'n'}}",
      "{'port': 8080}, {'name': 'dns', 'port': 53, 'protocol': 'UDP'}, {'name': 'all'}"));
  REQUIRE(slice);
  CHECK(slice->service == "price");
  CHECK(slice->ports == std::map<std::string, uint16_t>{{"", 8080}});
  REQUIRE(slice->endpoints.size() == 1);
  CHECK(slice->endpoints[0] == SliceObject::Endpoint{"10.0.0.9", "", "z1", true});
}

TEST_CASE("kubernetes objects: labels of pods") {
  const PodObject pod = read_pod(test::pod("shop", "p", 1,
                                           "{'woad.dev/color': 'red', 'woad.dev/tenant': 'acme', "
                                           "'topology.kubernetes.io/zone': 'z1', 'app': 'x'}"));
  CHECK(pod.labels ==
        std::map<std::string, std::string>{{"color", "red"}, {"tenant", "acme"}, {"zone", "z1"}});
  CHECK(read_pod(json("{'metadata': {'labels': {'woad.dev/color': 5}}}")).labels.empty());
}

TEST_CASE("kubernetes objects: pods whose sidecar takes what comes") {
  struct Row {
    const char* mark;
    bool in_mesh;
  };
  const Row rows[] = {
      {R"({"initContainers":["woad-redirect","woad"]})", true},
      {R"({"initContainers":["woad"]})", false},
      {R"({"initContainers":"woad-redirect"})", false},
      {"[]", false},
      {"woad-redirect", false},
      {"", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.mark);
    Json pod = test::pod("shop", "p", 1);
    CHECK_FALSE(read_pod(pod).in_mesh);
    pod["metadata"]["annotations"]["woad.dev/injected"] = row.mark;
    CHECK(read_pod(pod).in_mesh == row.in_mesh);
  }
}

TEST_CASE("kubernetes objects: documents") {
  const auto mesh = read_document(test::document("woad", "mesh", 9, "mesh", "a: b"));
  REQUIRE(mesh);
  CHECK(mesh->is_mesh);
  CHECK(mesh->text == "a: b");
  CHECK(mesh->version == 9);
  CHECK_FALSE(read_document(test::document("woad", "mesh", 9, "other", "a: b")));
  Json empty = test::document("woad", "price", 9, "service", "x");
  empty["data"] = nullptr;
  const auto service = read_document(empty);
  REQUIRE(service);
  CHECK_FALSE(service->is_mesh);
  CHECK_FALSE(service->text);
  CHECK(service->service == "price");
  empty["metadata"]["annotations"]["woad.dev/service"] = "stock";
  CHECK(read_document(empty)->service == "stock");
}

}  // namespace
}  // namespace woad::control::kubernetes
