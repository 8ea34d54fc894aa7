#include "proxy/control/documents/settings.h"

#include <doctest/doctest.h>

#include "tests/control/documents/documents.h"

using namespace woad;
using namespace woad::control;
using namespace woad::test;

namespace {

TEST_CASE("settings: what is left out") {
  const auto catalog = read({{"mesh.yaml", "{}"}});
  REQUIRE(catalog->settings.has_value());
  const Settings& settings = *catalog->settings;
  CHECK(settings.readers.empty());
  CHECK(settings.operators.empty());
  CHECK(settings.identities.empty());
  CHECK(settings.lease == seconds(90));
  CHECK(settings.heartbeat == seconds(30));
  CHECK(settings.protect_above == doctest::Approx(0.15));
  CHECK_FALSE(settings.rollout);
}

TEST_CASE("settings: all of them") {
  const auto catalog = read({{"mesh.yaml", R"(
control:
  readers: [ "spiffe://example.org/ns/ops/**" ]
  operators: [ "spiffe://example.org/ns/ops/sa/release" ]
  identities: "spiffe://example.org/ns/*/sa/{service}"
  lease: 9s
  heartbeat: 3s
  protect_above: 20%
  rollout: { steps: [ 1, 12.5%, 50% ], pause: 0s, timeout: 5s }
)"}});
  CHECK(problems_of(*catalog) == "");
  REQUIRE(catalog->settings.has_value());
  const Settings& settings = *catalog->settings;
  CHECK(settings.readers == std::vector<std::string>{"spiffe://example.org/ns/ops/**"});
  CHECK(settings.operators == std::vector<std::string>{"spiffe://example.org/ns/ops/sa/release"});
  CHECK(settings.identities == "spiffe://example.org/ns/*/sa/{service}");
  CHECK(settings.lease == seconds(9));
  CHECK(settings.heartbeat == seconds(3));
  CHECK(settings.protect_above == doctest::Approx(0.2));
  REQUIRE(settings.rollout);
  CHECK(settings.rollout->steps == std::vector<RolloutStep>{{1, 0}, {0, 12.5}, {0, 50}, {0, 100}});
  CHECK(settings.rollout->pause == seconds(0));
  CHECK(settings.rollout->timeout == seconds(5));
}

TEST_CASE("settings: a roll-out of the usual steps") {
  const auto catalog = read({{"mesh.yaml", "control: { rollout: {} }\n"}});
  REQUIRE(catalog->settings.has_value());
  const auto& rollout = catalog->settings->rollout;
  REQUIRE(rollout);
  CHECK(rollout->steps == std::vector<RolloutStep>{{1, 0}, {0, 10}, {0, 50}, {0, 100}});
  CHECK(rollout->pause == seconds(10));
  CHECK(rollout->timeout == seconds(60));
}

TEST_CASE("settings: what is wrong is told at its place, and nothing else is judged") {
  const std::string longer = "the lease must be longer than the heartbeat, or every instance goes";
  struct Case {
    std::string control, problem;
  };
  const Case cases[] = {
      {"laese: 9s", "3: unknown key; did you mean \"lease\"?"},
      {"lease: 9", "10: \"9\" is not a duration; durations are 250ms, 5s, 1m, 1h"},
      {"lease: 30s", "10: " + longer},
      {"heartbeat: 2m", "14: " + longer},
      {"identities: example.org", "15: a pattern begins with spiffe://"},
      {"readers: [ x ]", "14: a pattern begins with spiffe://"},
      {"protect_above: 15", "18: \"15\" is not a share; write 15%"},
      {"rollout: { steps: [] }", "21: needs a step at least"},
      {"rollout: { steps: [ 0 ] }", "23: \"0\" is no step; steps are 1, 10%, 100%"},
      {"rollout: { steps: [ 0% ] }", "23: \"0%\" is no step; steps are 1, 10%, 100%"},
      {"rollout: { steps: [ 50%, 10% ] }",
       "28: is less than a step before it; who has a change keeps it"},
      {"rollout: { steps: [ 5, 10%, 3 ] }",
       "31: is less than a step before it; who has a change keeps it"},
      {"rollout: { step: [ 1 ] }", "14: unknown key; did you mean \"steps\"?"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.control);
    const auto catalog =
        read({{"mesh.yaml", "control:\n  " + each.control + "\n"}, {"services/a.yaml", ""}});
    CHECK_FALSE(catalog->settings.has_value());
    CHECK(problems_of(*catalog) == "mesh.yaml:2:" + each.problem + "\n");
    CHECK(catalog->services.empty());
  }
}

}  // namespace
