#include "proxy/inject/settings.h"

#include <doctest/doctest.h>

using namespace woad;

TEST_CASE("settings are the values of the chart") {
  config::Diagnostics diagnostics("values.yaml");
  const auto settings = parse_inject_settings(
      "image: { repository: reg/woad, digest: \"\", tag: \"\" }\nnative: false\n"
      "resources: { requests: { cpu: null }, limits: { cpu: 1 } }\nidentity: { source: secret }\n"
      "metrics: { annotations: true, rules: {} }\ninject: { configMap: mesh, port: 9443 }\n"
      "replicas: 2\nfailurePolicy: Ignore\ncontrol: { mesh: { drain: {} } }\n",
      "1.2", diagnostics);
  REQUIRE_MESSAGE(settings.has_value(), diagnostics.text());
  CHECK(settings->image_reference() == "reg/woad:1.2");
  CHECK_FALSE(settings->native);
  CHECK(settings->redirect);
  CHECK(settings->resources ==
        Value::parse(R"({"requests":{"memory":"16Mi"},"limits":{"memory":"128Mi","cpu":"1"}})"));
  CHECK(settings->identity.source == IdentitySource::kSecret);
  CHECK(settings->config_map == "mesh");
  CHECK(settings->scrape_annotations);
}

TEST_CASE("a default limit gives way to a request") {
  struct Case {
    const char* text;
    const char* resources;
  };
  const Case cases[] = {
      {"{ requests: { memory: 256Mi } }",
       R"({"requests":{"cpu":"10m","memory":"256Mi"},"limits":{"memory":"256Mi"}})"},
      {"{ requests: { memory: 256Mi }, limits: { memory: null } }",
       R"({"requests":{"cpu":"10m","memory":"256Mi"},"limits":{}})"},
      {"{ limits: { memory: 8Mi } }",
       R"({"requests":{"cpu":"10m","memory":"16Mi"},"limits":{"memory":"8Mi"}})"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    config::Diagnostics diagnostics("values.yaml");
    const auto settings =
        parse_inject_settings(std::string("resources: ") + c.text, "1", diagnostics);
    REQUIRE_MESSAGE(settings.has_value(), diagnostics.text());
    CHECK(settings->resources == Value::parse(c.resources));
  }
}

TEST_CASE("an empty file is the defaults") {
  for (const char* text : {"", "# nothing\n", "{}", "image:\nidentity:\n"}) {
    config::Diagnostics diagnostics("values.yaml");
    const auto settings = parse_inject_settings(text, "1", diagnostics);
    REQUIRE_MESSAGE(settings.has_value(), diagnostics.text());
    CHECK(settings->image_reference() == "woad:1");
    CHECK_FALSE(settings->config_map.has_value());
  }
}

TEST_CASE("what is wrong has its place and a word of help") {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {"imgae: {}\n",
       "values.yaml:1:1: error: imgae: is no key of the chart's values; did you mean \"image\"?"},
      {"image: woad\n", "1:8: error: image: must be a map"},
      {"image: { tga: x }\n", "image.tga: is no key"},
      {"image: { pullPolicy: Sometimes }\n", "must be Always, IfNotPresent or Never"},
      {"image: { digest: abc }\n", "sha256:"},
      {"image: { pullSecrets: [A] }\n", "list of names"},
      {"native: \"true\"\n", "native: must be true or false"},
      {"controlPlane: woad:1\n", "must be a URL"},
      {"identity: { source: csi-certmanager }\n", "did you mean \"csi-cert-manager\"?"},
      {"identity: { trustDomain: \"A B\" }\n", "must be a trust domain"},
      {"resources: { limits: { memory: much } }\n", "resources.limits.memory: must be a quantity"},
      {"resources: { requests: { memory: 2Mi }, limits: { memory: 1Mi } }\n",
       "1:34: error: resources.requests.memory: is more than the limit, \"1Mi\""},
      {"resources: { request: {} }\n", "did you mean \"requests\"?"},
      {"inject: { configMap: No_Name }\n", "inject.configMap: must be the name of a ConfigMap"},
      {"- a\n", "must be a map"},
      {"a: 1\n---\nb: 1\n", "a second document"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    config::Diagnostics diagnostics("values.yaml");
    CHECK_FALSE(parse_inject_settings(c.text, "1", diagnostics).has_value());
    CHECK_MESSAGE(diagnostics.text().find(c.error) != std::string::npos, diagnostics.text());
  }
}
