#include "proxy/control/store/kubernetes/kubernetes_store.h"

#include <doctest/doctest.h>

#include "proxy/base/json.h"
#include "tests/client/fake_asker.h"
#include "tests/control/store/heard.h"
#include "tests/control/store/kubernetes/samples.h"

namespace woad::control::kubernetes {
namespace {

constexpr const char* kDocuments = "/api/v1/configmaps?limit=50&labelSelector=woad.dev%2Fdocument";
constexpr const char* kStates = "/api/v1/configmaps?limit=50&labelSelector=woad.dev%2Fstate";
constexpr const char* kServices = "/api/v1/services?limit";
constexpr const char* kSlices = "/apis/discovery.k8s.io/v1/endpointslices?limit";
constexpr const char* kPods = "/api/v1/pods?limit";

struct World {
  World() {
    REQUIRE(store.start(heard));
    CHECK(heard.synced == 0);
  }
  void turn() { scheduler.end_turn(); }
  void list(const char* target, int version, std::vector<Json> objects) {
    auto* const asked = asker->find(target);
    REQUIRE(asked != nullptr);
    asked->answer(200, json_line(Json{{"metadata", {{"resourceVersion", std::to_string(version)}}},
                                      {"items", std::move(objects)}}));
    turn();
  }
  void list_all() {
    list(kPods, 30, {test::pod("shop", "price-1", 11, "{'woad.dev/color': 'red'}")});
    list(kServices, 31, {test::service("shop", "price", 12)});
    list(kStates, 32, {});
    list(kDocuments, 33, {test::document("mesh", "m", 14, "mesh", "workers: 1")});
    CHECK(heard.synced == 0);
    list(kSlices, 34, {test::slice("shop", "price", 13, test::endpoint("price-1", "10.0.0.1"))});
  }
  void watch_all() {
    for (auto& asked : asker->all) {
      if (asked.open) asked.head();
    }
    turn();
  }
  void event(const char* path, const char* type, const Json& object) {
    auto* const asked = asker->find(path);
    REQUIRE(asked != nullptr);
    asked->sink->on_body(json_line(Json{{"type", type}, {"object", object}}) + "\n");
    turn();
  }

  Scheduler scheduler{MonoTime(seconds(1000))};
  std::shared_ptr<woad::test::FakeAsker> asker = std::make_shared<woad::test::FakeAsker>();
  control::test::Heard heard;
  KubernetesStore store{scheduler, asker, "mesh", 1};
};

TEST_CASE("KubernetesStore: all is told once every kind was listed, then each change") {
  World world;
  world.list_all();
  world.watch_all();
  CHECK(world.heard.synced == 1);
  CHECK(world.heard.last == 34);
  CHECK(world.heard.keys() == std::vector<std::string>{"discovered/price.shop",
                                                       "instances/price.shop/price-1",
                                                       "mesh.yaml"});
  CHECK(world.heard.value("instances/price.shop/price-1").find("\"color\":\"red\"") !=
        std::string::npos);
  world.event("/api/v1/pods?watch", "MODIFIED",
              test::pod("shop", "price-1", 40, "{'woad.dev/color': 'blue'}"));
  CHECK(world.heard.changed == std::vector<std::string>{"instances/price.shop/price-1"});
  CHECK(world.heard.last == 40);
  world.event("/api/v1/services?watch", "DELETED", test::service("shop", "price", 41));
  CHECK(world.heard.keys() == std::vector<std::string>{"mesh.yaml"});
  CHECK(world.heard.grows);
}

TEST_CASE("KubernetesStore: away while any kind is not heard of, and back") {
  World world;
  const std::string refused = "10.96.0.1:443: connection refused";
  for (const char* const target : {kDocuments, kStates, kServices, kSlices, kPods}) {
    world.asker->find(target)->fail(refused);
  }
  world.turn();
  CHECK(world.heard.away == std::vector<std::string>{refused});
  world.scheduler.advance(world.scheduler.now() + seconds(1));
  world.list_all();
  CHECK(world.heard.synced == 1);
  CHECK(world.heard.away.size() == 1);
  world.watch_all();
  CHECK(world.heard.away == std::vector<std::string>{refused, ""});
}

TEST_CASE("KubernetesStore: state is written into the namespace of the mesh") {
  World world;
  CHECK(world.store.shared());
  CHECK(world.store.discovers());
  control::test::Outcomes outcomes;
  world.store.write({.key = "status/price.shop/a", .value = "{}"}, outcomes.next());
  world.scheduler.advance(world.scheduler.now() + milliseconds(201));
  CHECK(world.asker->find("/api/v1/namespaces/mesh/configmaps/woad-status-c.price.shop") !=
        nullptr);
}

}  // namespace
}  // namespace woad::control::kubernetes
