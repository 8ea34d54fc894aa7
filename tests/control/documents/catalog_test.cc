#include "proxy/control/documents/catalog.h"

#include <doctest/doctest.h>

#include "tests/control/documents/documents.h"

using namespace woad;
using namespace woad::control;
using namespace woad::test;

namespace {

const std::string kMesh =
    "limits: { client_connections: 100, buffer: 64KiB }\n"
    "tracing: { sample: 5% }\n";

TEST_CASE("catalog: the file of a service is mesh, sidecar, services and version") {
  const auto catalog = read({{"mesh.yaml", kMesh + "control: { lease: 5m }\n"},
                             {"services/cart.yaml",
                              "sidecar:\n"
                              "  limits: { buffer: 128KiB }\n"
                              "  tracing: null\n"
                              "  drain: { delay: \"${WOAD_DELAY:-1s}\" }\n"
                              "uses: [ stock, price ]\n"},
                             {"services/price.yaml",
                              "service:\n"
                              "  hosts: [ price.shop ]\n"
                              "  endpoints: [ { address: \"10.0.0.1:80\", weight: 5 } ]\n"},
                             {"services/stock.yaml", ""}});
  CHECK(problems_of(*catalog) == "");
  CHECK(file_of(*catalog, "cart", {{"price", {{"i", {"10.0.0.2:80", {}, 100}}}}}) ==
        "limits:\n  client_connections: 100\n  buffer: 128KiB\n"
        "drain:\n  delay: \"${WOAD_DELAY:-1s}\"\n"
        "services:\n"
        "  price:\n    hosts:\n      - price.shop\n    endpoints:\n"
        "      - address: \"10.0.0.1:80\"\n        weight: 5\n"
        "      - { address: \"10.0.0.2:80\" }\n"
        "  stock:\n    endpoints: []\n");
  // `uses` left out: all but itself.
  CHECK(file_of(*catalog, "stock") ==
        "limits:\n  client_connections: 100\n  buffer: 64KiB\ntracing:\n  sample: 5%\n"
        "services:\n"
        "  cart:\n    endpoints: []\n"
        "  price:\n    hosts:\n      - price.shop\n    endpoints:\n"
        "      - address: \"10.0.0.1:80\"\n        weight: 5\n");
}

TEST_CASE("catalog: what a service uses") {
  struct Case {
    std::string uses;
    std::vector<std::string> names;
  };
  const Case cases[] = {{"", {"b", "c"}},
                        {"uses: []\n", {}},
                        {"uses: [ c ]\n", {"c"}},
                        {"uses: [ c, a ]\n", {"a", "c"}},
                        {"uses: [ b, b ]\n", {"b"}}};
  for (const Case& each : cases) {
    CAPTURE(each.uses);
    const auto catalog = read({{"mesh.yaml", "{}"},
                               {"services/a.yaml", each.uses},
                               {"services/b.yaml", ""},
                               {"services/c.yaml", ""}});
    REQUIRE(problems_of(*catalog) == "");
    std::vector<std::string> names;
    for (const auto& used : catalog->services.at("a").skeleton->uses()) {
      names.push_back(used.name);
    }
    CHECK(names == each.names);
  }
}

TEST_CASE("catalog: a sidecar's own words for services stand below the services'") {
  const auto catalog =
      read({{"mesh.yaml", "{}"},
            {"services/cart.yaml",
             "sidecar:\n  services:\n"
             "    price: { stateful: true, protocol: http2 }\n"
             "    bank: { external: true, endpoints: [ { address: \"bank.example:443\" } ] }\n"
             "uses: [ price ]\n"},
            {"services/price.yaml", "service: { protocol: http1 }\n"}});
  CHECK(problems_of(*catalog) == "");
  CHECK(file_of(*catalog, "cart", {{"bank", {{"i", {"10.0.0.2:80", {}, 100}}}}}) ==
        "services:\n"
        "  price:\n    stateful: true\n    protocol: http1\n    endpoints: []\n"
        "  bank:\n    external: true\n    endpoints:\n      - address: \"bank.example:443\"\n");
}

TEST_CASE("catalog: a discovered service needs no document, and one is merged over it") {
  Documents documents = {
      {"mesh.yaml", "control: { identities: \"spiffe://a.b/ns/{namespace}/sa/{name}\" }\n"},
      {"discovered/price.shop",
       R"({"name":"price","namespace":"shop","service":{"protocol":"http2","hosts":["price"]}})"},
      {"services/cart.yaml", ""}};
  const auto found = read(documents);
  CHECK(problems_of(*found) == "");
  CHECK(file_of(*found, "cart") ==
        "services:\n  price.shop:\n    protocol: \"http2\"\n    hosts:\n      - \"price\"\n"
        "    endpoints: []\n");
  CHECK(found->services.at("price.shop").name_space == "shop");
  CHECK(found->services.at("price.shop").identities ==
        std::vector<std::string>{"spiffe://a.b/ns/shop/sa/price"});
  CHECK(found->services.at("cart").name_space == "");
  CHECK(found->services.at("cart").identities ==
        std::vector<std::string>{"spiffe://a.b/ns/default/sa/cart"});
  documents["services/price.shop.yaml"] =
      "service: { protocol: null, stateful: true }\n"
      "identities: [ \"spiffe://a.b/ns/{namespace}/sa/other\" ]\n";
  const auto merged = read(documents);
  CHECK(problems_of(*merged) == "");
  CHECK(file_of(*merged, "cart") ==
        "services:\n  price.shop:\n    hosts:\n      - \"price\"\n    stateful: true\n"
        "    endpoints: []\n");
  CHECK(merged->services.at("price.shop").identities ==
        std::vector<std::string>{"spiffe://a.b/ns/shop/sa/other"});
}

TEST_CASE("catalog: a further port of a service is called as the service is, and used with it") {
  const Documents documents = {
      {"mesh.yaml", "{}"},
      {"discovered/price", R"({"name":"price","namespace":"shop","service":{"hosts":["price"]}})"},
      {"discovered/price_metrics",
       R"({"name":"price","namespace":"shop","port_of":"price",)"
       R"("service":{"hosts":["price"],"ports":[9090],"protocol":"http1"}})"},
      {"discovered/stock", R"({"name":"stock","namespace":"shop","service":{}})"},
      {"services/price.yaml",
       "service: { external: true, protocol: http2, health_check: { tcp: {} }, hosts: [p, price] "
       "}\n"},
      {"services/cart.yaml", "uses: [ price ]"},
      {"services/some.yaml", "uses: [ stock ]"}};
  const auto found = read(documents);
  CHECK(problems_of(*found) == "");
  CHECK(file_of(*found, "cart") ==
        "services:\n"
        "  price:\n    hosts:\n      - p\n      - price\n    external: true\n"
        "    protocol: http2\n    health_check:\n      tcp: {}\n    endpoints: []\n"
        "  price_metrics:\n    hosts:\n      - \"price\"\n    ports:\n      - 9090\n"
        "    protocol: \"http1\"\n    external: true\n    endpoints: []\n");
  CHECK(file_of(*found, "some").find("price") == std::string::npos);
  const std::string own = file_of(*found, "price");
  CHECK(own.find("price") == std::string::npos);
  CHECK(own.find("stock") != std::string::npos);
}

TEST_CASE("catalog: a further port of a service whose document does not hold does not either") {
  const auto found =
      read({{"mesh.yaml", "{}"},
            {"discovered/price", R"({"name":"price","namespace":"shop"})"},
            {"discovered/price_metrics", R"({"name":"price","namespace":"shop","port_of":"price",)"
                                         R"("service":{"hosts":["price"],"ports":[9090]}})"},
            {"services/price.yaml", "service: { tls: { peer: 5 } }\n"},
            {"services/cart.yaml", "uses: [ price_metrics ]"}});
  CHECK(file_of(*found, "cart") == "");
  CHECK(found->problems.size() == 1);
  CHECK(found->problems[0].document == "services/price.yaml");
}

TEST_CASE("catalog: what did not change is taken over") {
  Documents documents = {{"mesh.yaml", kMesh},
                         {"services/a.yaml", "uses: [ b ]\n"},
                         {"services/b.yaml", "uses: []\n"},
                         {"services/c.yaml", "uses: []\n"}};
  const auto first = read(documents);
  documents["services/b.yaml"] = "uses: []\nservice: { stateful: true }\n";
  const auto second = read(documents, {}, first);
  const auto skeleton = [](const auto& catalog, const char* name) {
    return catalog->services.at(name).skeleton;
  };
  CHECK(skeleton(first, "a") != skeleton(second, "a"));
  CHECK(skeleton(first, "b") == skeleton(second, "b"));
  CHECK(skeleton(first, "c") == skeleton(second, "c"));
  // A comment is no change.
  documents["services/a.yaml"] = "# who\nuses: [ b ]\n";
  CHECK(skeleton(second, "a") == skeleton(read(documents, {}, second), "a"));
  // By another process.
  CHECK(skeleton(read(documents), "a")->render({}) == skeleton(second, "a")->render({}));
}

TEST_CASE("catalog: whose document cannot be read lets in those it did") {
  Documents documents = {{"mesh.yaml", "{}"},
                         {"services/a.yaml", "identities: [ \"spiffe://a.b/c\" ]\n"}};
  const auto first = read(documents);
  documents["services/a.yaml"] = "identities: [";
  const auto second = read(documents, {}, first);
  CHECK(second->services.at("a").skeleton == nullptr);
  CHECK(second->services.at("a").identities == std::vector<std::string>{"spiffe://a.b/c"});
  CHECK(read(documents)->services.at("a").identities.empty());
}

TEST_CASE("catalog: an instance that no file can have is told, and the file does not hold") {
  const auto catalog =
      read({{"mesh.yaml", "{}"}, {"services/a.yaml", ""}, {"services/b.yaml", "uses: []\n"}},
           {{"b", {{"i", {"10.0.0.1:80", {{"color", "NO"}}, 100}}}}});
  CHECK(catalog->services.at("a").skeleton == nullptr);
  CHECK(catalog->services.at("b").skeleton != nullptr);
  REQUIRE(catalog->problems.size() == 1);
  CHECK(catalog->problems[0].path == "services.b.endpoints[0].labels.color");
}

}  // namespace
