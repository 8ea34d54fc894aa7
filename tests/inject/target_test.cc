#include "proxy/inject/target.h"

#include <doctest/doctest.h>

using namespace woad;

TEST_CASE("names without what Kubernetes put behind them") {
  CHECK(without_hash("price-7d9f8b6c5", "") == "price");
  CHECK(without_hash("price-7d9f8b6c5", "7d9f8b6c5") == "price");
  CHECK(without_hash("price-odd", "odd") == "price");
  CHECK(without_hash("price-main", "") == "price-main");  // a vowel: no hash
  CHECK(without_hash("price", "") == "price");
  CHECK(without_number("report-29384756") == "report");
  CHECK(without_number("report-1700000000") == "report");
  CHECK(without_number("report-2024") == "report-2024");
  CHECK(without_number("report") == "report");
}

TEST_CASE("whose pods a document holds, and what they are called") {
  struct Case {
    const char* document;
    const char* path;  // nullptr: none
    const char* owner;
    bool finishes = false;
  };
  const Case cases[] = {
      {R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"one"}})", "", "one"},
      {R"({"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"price-7d9f8b6c5-","labels":{"pod-template-hash":"7d9f8b6c5"}}})",
       "", "price"},
      {R"({"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"x-","ownerReferences":[{"kind":"ReplicaSet","name":"price-7d9f8b6c5","controller":true}]}})",
       "", "price"},
      {R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","ownerReferences":[{"kind":"Other","name":"o"},{"kind":"StatefulSet","name":"db","controller":true}]}})",
       "", "db"},
      {R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","ownerReferences":[{"kind":"Job","name":"report-29384756"}]}})",
       "", "report", true},
      {R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"mirror","ownerReferences":[{"kind":"Node","name":"n1"}]}})",
       "", "mirror"},
      {R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"price"}})",
       "/spec/template", "price"},
      {R"({"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"price-7d9f8b6c5","ownerReferences":[{"kind":"Deployment","name":"price"}]}})",
       "/spec/template", "price"},
      {R"({"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"report"}})",
       "/spec/jobTemplate/spec/template", "report", true},
      {R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"generateName":"once-"}})",
       "/spec/template", "once", true},
      {R"({"apiVersion":"apps/v1","kind":"DeploymentList","items":[{"metadata":{"name":"price"}}]})",
       "/items/0/spec/template", "price"},
      {R"({"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"one"}}]})", "/items/0",
       "one"},
      {R"({"apiVersion":"apps/v1","kind":"DeploymentList","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"one"}}]})",
       "/items/0", "one"},
      {R"({"apiVersion":"v1","kind":"List","items":[{"metadata":{"name":"one"}}]})", nullptr, ""},
      {R"({"apiVersion":"apps/v1","kind":"ServiceList","items":[{}]})", nullptr, ""},
      {R"({"apiVersion":"batch.volcano.sh/v1","kind":"Job","metadata":{"name":"x"}})", nullptr, ""},
      {R"({"apiVersion":"v1","kind":"Service"})", nullptr, ""},
      {R"({"kind":5})", nullptr, ""},
      {R"([])", nullptr, ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.document);
    const auto targets = targets_of(Value::parse(c.document));
    REQUIRE(targets.size() == (c.path == nullptr ? 0 : 1));
    if (c.path == nullptr) continue;
    CHECK(targets[0].path.to_string() == c.path);
    CHECK(targets[0].owner == c.owner);
    CHECK((targets[0].life == Target::Life::kFinishes) == c.finishes);
  }
}
