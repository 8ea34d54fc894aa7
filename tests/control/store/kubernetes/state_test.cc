#include "proxy/control/store/kubernetes/state.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace woad::control::kubernetes {
namespace {

TEST_CASE("kubernetes state: where a key is kept, and read again") {
  struct Row {
    std::string key;
    const char* name;
    const char* data_key;
  };
  const Row rows[] = {
      {"status/price/price-1", "woad-status-5.price", "price-1"},
      {"status/price.shop/Pod.9", "woad-status-9.price.shop", "Pod.9"},
      {"status/price/10.0.0.1:8080", "woad-status-1.price", "10.0.0.1_3A8080"},
      {"status/price/a_b/c", "woad-status-0.price", "a_5Fb_2Fc"},
      {"status/price/..", "woad-status-5.price", "_2E."},
      {"status/price/\xc3\xa9", "woad-status-4.price", "_C3_A9"},
      {"rollouts/price", "woad-rollout.price", "rollout"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.key);
    const auto place = state_place(row.key);
    REQUIRE(place);
    CHECK(state_name(*place) == row.name);
    CHECK(place->data_key == row.data_key);
    Json object = state_object(*place, "woad-system");
    object["data"][place->data_key] = "value";
    CHECK(read_state(object) == StateValues{{row.key, "value"}});
  }
}

TEST_CASE("kubernetes state: keys that are not kept") {
  for (const char* const key :
       {"", "mesh.yaml", "services/x.yaml", "instances/a/b", "status/", "status/a", "status//b",
        "status/a/", "rollouts/", "discovered/a"}) {
    CAPTURE(key);
    CHECK_FALSE(state_place(key));
  }
}

TEST_CASE("kubernetes state: 10,000 instances of a service are spread evenly") {
  std::map<std::string, size_t> size;
  for (int i = 0; i < 10'000; ++i) {
    const auto place = state_place("status/price/price-6c9f8d7b5-" + std::to_string(i));
    REQUIRE(place);
    ++size[state_name(*place)];
  }
  CHECK(size.size() == 16);
  for (const auto& row : size) {
    CAPTURE(row.first);
    CHECK(row.second < 750);
  }
}

TEST_CASE("kubernetes state: names that no ConfigMap may have") {
  std::vector<std::string> names;
  for (const std::string& service :
       {std::string("Price"), std::string("a_b"), std::string("-a"), std::string("a-"),
        std::string("a..b"), std::string("a."), std::string("a-.b"), std::string(231, 'a')}) {
    const std::string name = state_name({"rollout", service, "rollout"});
    CAPTURE(service);
    CHECK(name.starts_with("woad-rollout.x-"));
    CHECK(name.size() < 100);
    CHECK(std::find(names.begin(), names.end(), name) == names.end());
    names.push_back(name);
    Json object = state_object({"rollout", service, "rollout"}, "woad-system");
    object["data"]["rollout"] = "{}";
    CHECK(read_state(object) == StateValues{{"rollouts/" + service, "{}"}});
  }
}

TEST_CASE("kubernetes state: what somebody else made of it") {
  Json object = state_object({"rollout", "price", "rollout"}, "woad-system");
  CHECK(read_state(object) == StateValues{{"rollouts/price", ""}});
  object["data"] = 7;
  CHECK(read_state(object) == StateValues{{"rollouts/price", ""}});
  object["metadata"]["annotations"] = nullptr;
  CHECK(read_state(object).empty());
  Json status = state_object({"status", "price", "p13", "d"}, "woad-system");
  // `a` belongs to another one.
  status["data"] = {{"p13", 5}, {"p_2", "x"}, {"p_0", "y"}, {"_", "z"}, {"a", "other"}};
  CHECK(read_state(status) == StateValues{{"status/price/p13", ""},
                                          {"status/price/p_2", "x"},
                                          {"status/price/p_0", "y"},
                                          {"status/price/_", "z"}});
  status["metadata"]["labels"]["woad.dev/state"] = "other";
  CHECK(read_state(status).empty());
  CHECK(read_state(Json()).empty());
}

}  // namespace
}  // namespace woad::control::kubernetes
