#include "proxy/control/store/kubernetes/cluster.h"

#include <doctest/doctest.h>

#include "tests/control/store/heard.h"
#include "tests/control/store/kubernetes/samples.h"

namespace woad::control::kubernetes {
namespace {

using test::endpoint;
using Keys = std::vector<std::string>;

struct World {
  explicit World(std::string own_space = "") : cluster(std::move(own_space), heard) {}

  void put(ObjectSink& sink, const Json& object) { sink.on_object(*read_meta(object), object); }
  void remove(ObjectSink& sink, const Json& object) { sink.on_deleted(*read_meta(object)); }
  Keys settle() {
    heard.changed.clear();
    cluster.settle();
    return heard.changed;
  }
  // price of `shop` with two pods, and the mesh of woad-system.
  void fill() {
    put(cluster.documents(), test::document("woad-system", "woad-mesh", 1, "mesh", "a: b"));
    put(cluster.documents(), test::document("shop", "price", 2, "service", "c: d"));
    put(cluster.services(), test::service("shop", "price", 3));
    put(cluster.slices(), slice(4));
    put(cluster.pods(), test::pod("shop", "p1", 5));
    put(cluster.pods(), test::pod("shop", "p2", 6, "{'woad.dev/color': 'red'}"));
  }
  static Json slice(int version, std::string_view more = "") {
    return test::slice("shop", "price", version,
                       endpoint("p1", "10.0.0.1") + ", " + endpoint("p2", "10.0.0.2", more));
  }

  control::test::Heard heard;
  Cluster cluster;
};

TEST_CASE("kubernetes cluster: told as a whole once all was listed, then by changes") {
  World world;
  world.fill();
  CHECK(world.settle().empty());
  CHECK(world.heard.synced == 0);
  world.cluster.begin(40);
  CHECK(world.heard.synced == 1);
  CHECK(world.heard.keys() == Keys{"discovered/price.shop", "instances/price.shop/p1",
                                   "instances/price.shop/p2", "mesh.yaml",
                                   "services/price.shop.yaml"});
  CHECK(world.heard.last == 40);
  CHECK(world.heard.entries["mesh.yaml"].revision == 1);
  CHECK(world.heard.entries["mesh.yaml"].origin == "configmap woad-system/woad-mesh");
  CHECK(world.heard.entries["instances/price.shop/p1"].origin == "service shop/price");
  CHECK(world.settle().empty());

  Cluster& cluster = world.cluster;
  world.put(cluster.slices(), World::slice(41, ", 'conditions': {'ready': false}"));
  CHECK(world.settle() == Keys{"instances/price.shop/p2"});
  CHECK_FALSE(world.heard.entries.contains("instances/price.shop/p2"));
  world.put(cluster.slices(), World::slice(42));
  CHECK(world.settle() == Keys{"instances/price.shop/p2"});
  CHECK(world.heard.entries["instances/price.shop/p2"].revision == 42);

  world.put(cluster.pods(), test::pod("shop", "p2", 43, "{'woad.dev/color': 'blue'}"));
  CHECK(world.settle() == Keys{"instances/price.shop/p2"});
  CHECK(world.heard.value("instances/price.shop/p2").find("blue") != std::string::npos);
  world.put(cluster.pods(), test::pod("shop", "p2", 44, "{'woad.dev/color': 'blue'}"));
  CHECK(world.settle().empty());

  world.put(cluster.documents(), test::document("shop", "price", 45, "service", "e: f"));
  CHECK(world.settle() == Keys{"services/price.shop.yaml"});
  CHECK(world.heard.entries["services/price.shop.yaml"].revision == 45);
  world.remove(cluster.documents(), test::document("woad-system", "woad-mesh", 46, "mesh", ""));
  CHECK(world.settle() == Keys{"mesh.yaml"});
  CHECK_FALSE(world.heard.entries.contains("mesh.yaml"));
  CHECK(world.cluster.mesh_space() == "woad-system");

  world.remove(cluster.services(), test::service("shop", "price", 47));
  CHECK(world.settle().size() == 3);
  CHECK(world.heard.keys() == Keys{"services/price.shop.yaml"});
  CHECK(world.heard.synced == 1);
  CHECK(world.heard.grows);
}

TEST_CASE("kubernetes cluster: whatever comes first of service, slice and pod") {
  const Json service = test::service("shop", "price", 3);
  const Json slice = World::slice(4);
  const Json p1 = test::pod("shop", "p1", 5);
  const Json p2 = test::pod("shop", "p2", 6);
  for (const int order : {0, 1, 2, 3}) {
    CAPTURE(order);
    World world("woad-system");
    Cluster& cluster = world.cluster;
    cluster.begin(1);
    for (int i = 0; i < 4; ++i) {
      switch ((i + order) % 4) {
        case 0: world.put(cluster.services(), service); break;
        case 1: world.put(cluster.slices(), slice); break;
        case 2: world.put(cluster.pods(), p1); break;
        case 3: world.put(cluster.pods(), p2); break;
      }
      world.settle();
    }
    CHECK(world.heard.entries.size() == 3);
    world.remove(cluster.pods(), p1);
    CHECK(world.settle() == Keys{"instances/price.shop/p1"});
    world.remove(cluster.slices(), slice);
    CHECK(world.settle() == Keys{"discovered/price.shop", "instances/price.shop/p2"});
    world.remove(cluster.pods(), p2);
    CHECK(world.settle().empty());
  }
}

TEST_CASE("kubernetes cluster: a list anew tells what was missed, and only that") {
  World world;
  world.fill();
  world.cluster.begin(40);
  ObjectSink& pods = world.cluster.pods();
  pods.on_list();
  world.put(pods, test::pod("shop", "p1", 5));
  CHECK(world.settle().empty());
  pods.on_list();  // that list was given up
  world.put(pods, test::pod("shop", "p1", 5));
  pods.on_listed();
  CHECK(world.settle() == Keys{"instances/price.shop/p2"});
}

TEST_CASE("kubernetes cluster: whose mesh document counts") {
  struct Row {
    const char* own;
    const char* mesh;  // ""; none
    const char* space;
  };
  const Row rows[] = {
      {"", "configmap b/old", "b"},
      {"a", "configmap a/new", "a"},
      {"c", "", "c"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.own);
    World world(row.own);
    ObjectSink& documents = world.cluster.documents();
    world.put(documents, test::document("a", "new", 1, "mesh", "x", "2026-11-29T12:00:00Z"));
    world.put(documents, test::document("b", "old", 2, "mesh", "y", "2026-11-28T12:00:00Z"));
    world.cluster.begin(3);
    CHECK(world.heard.entries["mesh.yaml"].origin == row.mesh);
    CHECK(world.cluster.mesh_space() == row.space);
  }
}

TEST_CASE("kubernetes cluster: the mesh moves, and names with it") {
  World world;
  world.fill();
  world.cluster.begin(40);
  world.put(world.cluster.documents(),
            test::document("shop", "mesh", 41, "mesh", "a: b", "2020-01-01T00:00:00Z"));
  CHECK(world.settle().empty());
  CHECK(world.heard.synced == 2);
  CHECK(world.heard.keys() == Keys{"discovered/price", "instances/price/p1", "instances/price/p2",
                                   "mesh.yaml", "services/price.yaml"});
}

TEST_CASE("kubernetes cluster: documents that are none") {
  World world("woad-system");
  ObjectSink& documents = world.cluster.documents();
  Json empty = test::document("woad-system", "mesh", 1, "mesh", "");
  empty.erase("data");
  Json renamed = test::document("woad-system", "cart-2", 2, "service", "x");
  renamed["metadata"]["annotations"]["woad.dev/service"] = "cart";
  world.put(documents, empty);
  world.put(documents, test::document("woad-system", "cart", 3, "service", "y"));
  world.put(documents, renamed);
  world.cluster.begin(4);
  const auto said = [&](const std::string& key) {
    const StoreEntry& entry = world.heard.entries[key];
    return entry.value + "|" + entry.error;
  };
  CHECK(said("mesh.yaml") == "|has no key `document` in its data");
  CHECK(said("services/cart.yaml") ==
        "|configmap woad-system/cart and configmap woad-system/cart-2 are the same document");

  world.remove(documents, renamed);
  world.put(documents, test::document("woad-system", "mesh", 5, "mesh", ""));
  CHECK(world.settle() == Keys{"mesh.yaml", "services/cart.yaml"});
  CHECK(said("mesh.yaml") == "|");
  CHECK(said("services/cart.yaml") == "y|");
  world.put(documents, test::document("woad-system", "mesh-2", 6, "mesh", "z"));
  world.put(documents, test::document("shop", "mesh", 7, "mesh", "z"));
  CHECK(world.settle() == Keys{"mesh.yaml"});
  CHECK(said("mesh.yaml") ==
        "|configmap woad-system/mesh and configmap woad-system/mesh-2 are the same document");
}

TEST_CASE("kubernetes cluster: state, in the namespace of the mesh alone") {
  World world("woad-system");
  const auto rollout = [](std::string_view space, int version, std::string_view text) {
    Json object = state_object({"rollout", "price", "rollout"}, space);
    object["metadata"]["resourceVersion"] = std::to_string(version);
    object["data"]["rollout"] = text;
    return object;
  };
  Json status = state_object({"status", "price", "p1", "f"}, "woad-system");
  status["metadata"]["resourceVersion"] = "8";
  status["data"] = {{"p1", "one"}, {"p18", "two"}};
  ObjectSink& states = world.cluster.states();
  world.put(states, rollout("shop", 6, "forged"));
  world.put(states, rollout("woad-system", 7, "x"));
  world.put(states, status);
  world.cluster.begin(9);
  CHECK(world.heard.keys() == Keys{"rollouts/price", "status/price/p1", "status/price/p18"});
  CHECK(world.heard.entries["rollouts/price"].revision == 7);

  // The version by which a roll-out is written follows its ConfigMap.
  world.put(states, rollout("woad-system", 10, "x"));
  CHECK(world.settle() == Keys{"rollouts/price"});
  CHECK(world.heard.entries["rollouts/price"].revision == 10);
  status["metadata"]["resourceVersion"] = "11";
  status["data"]["p18"] = "three";
  world.put(states, status);
  CHECK(world.settle() == Keys{"status/price/p18"});
  CHECK(world.heard.entries["status/price/p1"].revision == 8);
  world.remove(states, rollout("woad-system", 12, ""));
  CHECK(world.settle() == Keys{"rollouts/price"});
  CHECK_FALSE(world.heard.entries.contains("rollouts/price"));
}

}  // namespace
}  // namespace woad::control::kubernetes
