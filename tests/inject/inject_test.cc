#include "proxy/inject/inject.h"

#include <doctest/doctest.h>

#include "proxy/inject/file.h"

using namespace woad;

namespace {

Value pod_with(const char* metadata, const char* spec) {
  Value pod = {{"apiVersion", "v1"}, {"kind", "Pod"}};
  pod["metadata"] = Value::parse(metadata);
  pod["spec"] = {{"containers", Value::parse(R"([{"name":"app","image":"x"}])")}};
  pod["spec"].update(Value::parse(spec));
  return pod;
}

Value injected(const Value& pod, const InjectSettings& settings = {}) {
  Report report;
  Value after = inject(pod, settings, report);
  for (const Finding& error : report.errors) FAIL(sentence(error));
  return after;
}

// Order of keys counts for nothing.
bool same(const Value& a, const Value& b) {
  return nlohmann::json::parse(a.dump()) == nlohmann::json::parse(b.dump());
}

}  // namespace

TEST_CASE("a request never stays above its limit") {
  struct Case {
    const char* annotations;
    const char* resources;
  };
  const Case cases[] = {
      {"{}", R"({"requests":{"cpu":"10m","memory":"16Mi"},"limits":{"memory":"128Mi"}})"},
      {R"({"woad.dev/memory-request":"1Gi"})",
       R"({"requests":{"cpu":"10m","memory":"1Gi"},"limits":{"memory":"1Gi"}})"},
      {R"({"woad.dev/memory-limit":"8Mi"})",
       R"({"requests":{"cpu":"10m","memory":"8Mi"},"limits":{"memory":"8Mi"}})"},
      {R"({"woad.dev/memory-limit":"none","woad.dev/cpu-request":"none"})",
       R"({"requests":{"memory":"16Mi"}})"},
      {R"({"woad.dev/cpu-limit":"5m"})",
       R"({"requests":{"cpu":"5m","memory":"16Mi"},"limits":{"memory":"128Mi","cpu":"5m"}})"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.annotations);
    Value pod = pod_with(R"({"name":"x"})", "{}");
    pod["metadata"]["annotations"] = Value::parse(c.annotations);
    const Value after = injected(pod);
    CHECK(same(after["spec"]["initContainers"][1]["resources"], Value::parse(c.resources)));
  }
}

TEST_CASE("in and out again, whatever there was") {
  InjectSettings ordinary;
  ordinary.native = false;
  InjectSettings full;
  full.identity.source = IdentitySource::kCertManager;
  full.control_plane = "https://c";
  full.scrape_annotations = true;
  full.image.pull_secrets = {"a", "b"};
  const Value pods[] = {
      pod_with(R"({"name":"x"})", "{}"),
      pod_with(
          R"({"name":"x","annotations":{"a":"b"},"labels":{"woad.dev/color":"red"}})",
          R"({"volumes":[{"name":"v"}],"initContainers":[{"name":"i"}],"imagePullSecrets":[{"name":"a"}]})"),
      pod_with(R"({"generateName":"x-"})", R"({"securityContext":{"runAsUser":1337}})"),
  };
  for (const Value& pod : pods) {
    for (const InjectSettings& settings : {InjectSettings(), ordinary, full}) {
      const Value once = injected(pod, settings);
      CHECK_FALSE(same(once, pod));
      CHECK(once == injected(once, settings));
      CHECK(same(injected(once), injected(pod)));  // of other settings
      Report report;
      CHECK(same(remove_injection(once, report), pod));
      CHECK(report.errors.empty());
    }
  }
}

TEST_CASE("who names the service") {
  struct Case {
    const char* metadata;
    const char* service;
  };
  const Case cases[] = {
      {R"({"name":"x","labels":{"app":"b","app.kubernetes.io/name":"a"},"annotations":{"woad.dev/service":"s"}})",
       "s"},
      {R"({"name":"x","labels":{"app":"b","app.kubernetes.io/name":"a"}})", "a"},
      {R"({"name":"x","labels":{"app":"b"}})", "b"},
      {R"({"name":"x"})", "x"},
  };
  for (const Case& c : cases) {
    const Value after = injected(pod_with(c.metadata, "{}"));
    CHECK(after["spec"]["initContainers"][1]["env"][0]["value"] == c.service);
  }
}

TEST_CASE("under a control plane a service is one of its namespace") {
  struct Case {
    const char* metadata;
    const char* control_plane;
    const char* service;
  };
  constexpr const char* kPlane = "https://c";
  constexpr const char* kOfNamespace = "x.$(WOAD_NAMESPACE)";
  const Case cases[] = {
      {R"({"name":"x"})", "", "x"},
      {R"({"name":"x"})", kPlane, kOfNamespace},
      {R"({"name":"y","labels":{"app":"x"}})", kPlane, kOfNamespace},
      {R"({"name":"y","annotations":{"woad.dev/service":"x.shop"}})", kPlane, "x.shop"},
      {R"({"name":"x","annotations":{"woad.dev/config":"own"}})", kPlane, "x"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.metadata);
    InjectSettings settings;
    settings.control_plane = c.control_plane;
    const Value after = injected(pod_with(c.metadata, "{}"), settings);
    const Value& env = after["spec"]["initContainers"][1]["env"];
    const size_t at = c.service == std::string_view(kOfNamespace) ? 1 : 0;
    CHECK(env[at] == Value{{"name", "WOAD_SERVICE"}, {"value", c.service}});
    // Kubernetes puts in only what stands before.
    if (at == 1) CHECK(env[0]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.namespace");
  }
}

TEST_CASE("pods that are left alone") {
  const char* specs[] = {R"({"hostNetwork":true})", R"({"os":{"name":"windows"}})"};
  for (const char* spec : specs) {
    Report report;
    const Value pod = pod_with(R"({"name":"x"})", spec);
    CHECK(inject(pod, {}, report) == pod);
    CHECK(report.warnings.size() == 1);
    CHECK(report.errors.empty());
  }
  for (const char* metadata : {R"({"name":"x","annotations":{"woad.dev/inject":"disabled"}})",
                               R"({"name":"x","labels":{"woad.dev/inject":"disabled"}})"}) {
    Report report;
    const Value pod = pod_with(metadata, "{}");
    CHECK(inject(pod, {}, report) == pod);
    CHECK(report.warnings.empty());
  }
}

TEST_CASE("documents of no use are errors, not ends of the process") {
  const char* texts[] = {
      "apiVersion: apps/v1\nkind: Deployment\n",
      "apiVersion: apps/v1\nkind: Deployment\nspec: 5\n",
      "apiVersion: apps/v1\nkind: Deployment\nspec: {template: []}\n",
      "apiVersion: v1\nkind: Pod\nspec: {containers: [5]}\n",
      "apiVersion: v1\nkind: Pod\nspec: {containers: {}}\n",
      "apiVersion: v1\nkind: Pod\nmetadata: 5\nspec: {containers: [{name: a}]}\n",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: []}\nspec: {containers: [{name: a}], "
      "volumes: {}}\n",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: x, annotations: []}\nspec: {containers: [{name: "
      "a}]}\n",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: x, annotations: {woad.dev/injected: x}}\nspec: "
      "{containers: [{name: a}]}\n",
      "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a}]}\n",
  };
  for (const char* text : texts) {
    CAPTURE(text);
    const InjectedFile file = inject_file("x.yaml", text, {}, Injection::kPut);
    CHECK(file.text.empty());
    CHECK_MESSAGE(file.errors.find("x.yaml:") == 0, file.errors);
  }
  for (const char* text : {"", "# a\n", "---\n", "5\n", "- a\n", "kind: Unknown\n"}) {
    CHECK(inject_file("x.yaml", text, {}, Injection::kPut).text == text);
  }
}
