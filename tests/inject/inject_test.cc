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
      pod_with(R"({"name":"x","annotations":null})",
               R"({"volumes":[],"initContainers":null,"imagePullSecrets":[]})"),
      pod_with(R"({"name":"x","annotations":{}})", R"({"initContainers":[],"volumes":null})"),
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
  const char* specs[] = {R"({"hostNetwork":true})", R"({"os":{"name":"windows"}})",
                         R"({"nodeSelector":{"kubernetes.io/os":"windows"}})"};
  for (const char* spec : specs) {
    Report report;
    const Value pod = pod_with(
        R"({"name":"x","annotations":{"woad.dev/service":"a b","woad.dev/injected":"x"}})", spec);
    CHECK(inject(pod, {}, report) == pod);
    CHECK(report.warnings.size() == 1);
    CHECK(report.errors.empty());
  }
  for (const char* metadata :
       {R"({"name":"x","annotations":{"woad.dev/inject":"disabled"}})",
        R"({"annotations":{"woad.dev/inject":"disabled","woad.dev/config":5}})",
        R"({"name":"x","labels":{"woad.dev/inject":"disabled"}})"}) {
    Report report;
    const Value pod = pod_with(metadata, "{}");
    CHECK(inject(pod, {}, report) == pod);
    CHECK(report.warnings.empty());
  }
}

TEST_CASE("what the kubelet asks without a certificate") {
  struct Case {
    const char* container;
    const char* paths;    // of WOAD_PROBE_PATHS
    const char* warning;  // a part; "": none
  };
  const Case cases[] = {
      {R"({"livenessProbe":{"httpGet":{"path":"/h?local=true","port":80}},"readinessProbe":{"httpGet":{"path":"h#x"}}})",
       "/h?local=true,/h", ""},
      {R"({"livenessProbe":{"httpGet":{"path":"?x"}}})", "/?x", ""},
      {R"x({"livenessProbe":{"httpGet":{"path":"/$(HOME)"}}})x", "/$$(HOME)", ""},
      {R"({"livenessProbe":{"httpGet":{"path":"/a b"}}})", "", "spelled as in a URL"},
      {R"({"livenessProbe":{"httpGet":{"path":"/\u00e9"}}})", "", "spelled as in a URL"},
      {R"({"livenessProbe":{"httpGet":{"path":"/a\n"}}})", "", "spelled as in a URL"},
      {R"({"livenessProbe":{"httpGet":{"path":"/a,b"}}})", "", "has a comma"},
      {R"({"livenessProbe":{"httpGet":{"scheme":"HTTPS","path":"/"}}})", "", "a probe by HTTPS"},
      {R"({"livenessProbe":{"grpc":{"port":9}}})", "", "a gRPC probe"},
      {R"({"lifecycle":{"preStop":{"httpGet":{"path":"/stop"}}}})", "", "a hook by HTTP"},
      {R"({"lifecycle":{"postStart":{"httpGet":{"path":"/","host":"other"}}}})", "", ""},
      {R"({"livenessProbe":{"grpc":{"port":22}}})", "", ""},
      {R"({"ports":[{"name":"g","containerPort":22}],"startupProbe":{"grpc":{"port":"g"}}})", "",
       ""},
      {R"({"livenessProbe":{"tcpSocket":{"port":9}},"readinessProbe":{"exec":{}}})", "", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.container);
    Value pod =
        pod_with(R"({"name":"x","annotations":{"woad.dev/exclude-inbound-ports":"22"}})", "{}");
    pod["spec"]["containers"][0].update(Value::parse(c.container));
    InjectSettings settings;
    settings.config_map = "own";  // or it is warned of
    Report report;
    const Value after = inject(pod, settings, report);
    std::string paths;
    for (const Value& one : after["spec"]["initContainers"][1]["env"]) {
      if (one["name"] == "WOAD_PROBE_PATHS") paths = one["value"].get<std::string>();
    }
    CHECK(paths == c.paths);
    REQUIRE(report.warnings.size() == (*c.warning == '\0' ? 0 : 1));
    if (report.warnings.empty()) continue;
    const std::string warning = sentence(report.warnings.front());
    CHECK_MESSAGE(warning.find(c.warning) != std::string::npos, warning);
    CHECK_MESSAGE(warning.find("mtls: strict") != std::string::npos, warning);
  }
}

TEST_CASE("a text comes back byte for byte") {
  const std::string head = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n";
  const std::string spec = "spec:\n  containers:\n  - name: a\n    image: b\n";
  const std::string template_head =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  template:\n";
  const std::string texts[] = {
      head + "  annotations: {}   # none yet\n" + spec,
      head + "  annotations:   # none yet\n" + spec,
      head + "  annotations:\n    # woad.dev/inject: disabled\n    # other\n" + spec,
      head + "  annotations: {a: more\n    lines}\n" + spec,
      head + spec + "  volumes: []  # none\n  restartPolicy: Never\n",
      head + spec + "  volumes:\n  # - name: data\n  #   emptyDir: {}\n  restartPolicy: Never\n",
      head + spec + "  initContainers:\n    # - name: data\n    #   image: x\n",
      head + spec + "  initContainers: [ # none\n    ]\n",
      head + spec + "  initContainers:\n  # one\n  - name: i\n    image: x # i\n  - name: i\n",
      template_head +
          "    metadata:\n      # labels:\n      #   a: b\n    spec:\n      containers:\n"
          "      - name: a\n",
      "apiVersion: v1\nkind: List\nitems:\n# config\n- kind: ConfigMap\n  data: {a: 0644, b: .5, "
      "c: 1e3}"
      " # c\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: x}\n  spec:\n    # all\n    "
      "containers:\n    - name: a\n",
      R"({"kind":"DeploymentList","apiVersion":"apps/v1","items":[{"metadata":{"name":"a","x":1e3},"spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}}]})",
  };
  InjectSettings ordinary;
  ordinary.native = false;
  for (const std::string& text : texts) {
    for (const InjectSettings& settings : {InjectSettings(), ordinary}) {
      CAPTURE(text);
      const InjectedFile once = inject_file("x", text, settings, Injection::kPut);
      REQUIRE_MESSAGE(once.errors.empty(), once.errors);
      CHECK(once.text != text);
      CHECK(inject_file("x", once.text, settings, Injection::kPut).text == once.text);
      CHECK(inject_file("x", once.text, settings, Injection::kRemove).text == text);
      size_t at = 0;  // each comment is there still
      while ((at = text.find('#', at)) != std::string::npos) {
        const std::string comment = text.substr(at, text.find('\n', at) - at);
        CHECK_MESSAGE(once.text.find(comment) != std::string::npos, once.text);
        at += comment.size();
      }
    }
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
      "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  initContainers: &c\n  - name: a\n"
      "  containers: *c\n",
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"a","name":"b"}]}})",
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
