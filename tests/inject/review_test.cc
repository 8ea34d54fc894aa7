#include "proxy/inject/review.h"

#include <doctest/doctest.h>

using namespace woad;

namespace {

Value review_of(const char* pod, const char* more = "{}") {
  Value request = {{"uid", "u1"},
                   {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
                   {"operation", "CREATE"},
                   {"object", Value::parse(pod)}};
  request.update(Value::parse(more));
  return {{"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"request", request}};
}

Value answer_to(const Value& review) {
  const auto answer = answer_review(review.dump(), {});
  REQUIRE(static_cast<bool>(answer));
  const Value read = Value::parse(*answer);
  CHECK(read["apiVersion"] == "admission.k8s.io/v1");
  CHECK(read["kind"] == "AdmissionReview");
  CHECK(read["response"]["uid"] == "u1");
  return read["response"];
}

constexpr const char* kPod = R"({"metadata":{"name":"x"},"spec":{"containers":[{"name":"app"}]}})";

}  // namespace

TEST_CASE("a pod gets a patch") {
  const Value response = answer_to(review_of(kPod));
  CHECK(response["allowed"] == true);
  CHECK(response["patchType"] == "JSONPatch");
  CHECK(response["patch"].is_string());
}

TEST_CASE("what passes as it is") {
  const Value reviews[] = {
      review_of(kPod, R"({"operation":"UPDATE"})"),
      review_of(kPod, R"({"kind":{"group":"apps","kind":"Deployment"}})"),
      review_of(kPod, R"({"subResource":"ephemeralcontainers"})"),
      review_of(kPod, R"({"object":null})"),
      review_of(
          R"({"metadata":{"name":"x","annotations":{"woad.dev/inject":"disabled"}},"spec":{"containers":[{"name":"app"}]}})"),
      review_of(
          R"({"metadata":{"name":"x"},"spec":{"hostNetwork":true,"containers":[{"name":"app"}]}})"),
  };
  for (const Value& review : reviews) {
    const Value response = answer_to(review);
    CHECK(response["allowed"] == true);
    CHECK_FALSE(response.contains("patch"));
  }
  CHECK(answer_to(reviews[5])["warnings"].size() == 1);
}

TEST_CASE("a wrong annotation is told") {
  const Value response = answer_to(review_of(
      R"({"metadata":{"name":"x","annotations":{"woad.dev/cpu-limit":"much"}},"spec":{"containers":[{"name":"app"}]}})"));
  CHECK(response["allowed"] == false);
  CHECK(response["status"]["message"].get<std::string>().find("woad.dev/cpu-limit") !=
        std::string::npos);
}

TEST_CASE("a pod that is left alone may say what it likes") {
  for (
      const char* pod :
      {R"({"metadata":{"annotations":{"woad.dev/inject":"disabled","woad.dev/cpu-limit":"much"}}})",
       R"({"metadata":{"annotations":{"woad.dev/injected":"x"}},"spec":{"hostNetwork":true}})"}) {
    const Value response = answer_to(review_of(pod));
    CHECK(response["allowed"] == true);
    CHECK_FALSE(response.contains("patch"));
  }
}

TEST_CASE("many annotations") {
  Value review = review_of(kPod);
  for (const char* const prefix : {"k", "woad.dev/k"}) {
    Value annotations = Value::object();
    auto& map = annotations.get_ref<Value::object_t&>();
    for (int i = 0; i < 20'000; ++i) map.emplace_back(prefix + std::to_string(i), "");
    review["request"]["object"]["metadata"]["annotations"] = annotations;
    CHECK(answer_to(review).contains("patch"));
  }
}

TEST_CASE("garbage is none") {
  const std::string garbage[] = {
      "",
      "x",
      "[]",
      "{}",
      R"({"kind":"AdmissionReview"})",
      R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"x"}})",
      R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"})",
      R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":5}})",
      R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"x","uid":"y"}})",
      std::string(1'000'000, '['),
      std::string("\xff\0", 2)};
  for (const std::string& body : garbage) CHECK_FALSE(answer_review(body, {}));
}
