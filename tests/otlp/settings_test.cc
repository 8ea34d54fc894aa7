#include "proxy/otlp/settings.h"

#include <doctest/doctest.h>

#include <map>

namespace woad {
namespace {

using Variables = std::map<std::string, std::string>;

config::Config file_with(std::optional<std::string> otlp, std::optional<double> sample = {}) {
  config::Config file;
  file.node.service = "cart";
  file.node.instance = "cart-1";
  if (!otlp && !sample) return file;
  file.tracing.emplace();
  if (otlp) file.tracing->otlp.emplace().value = std::move(*otlp);
  if (sample) file.tracing->sample = config::Share{*sample};
  return file;
}

OtlpSettings settings_of(const Variables& variables, const config::Config& file = file_with({})) {
  config::Environment environment;
  environment.variable = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return otlp_settings(file, environment);
}

std::string joined(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs) text += key + "=" + value + ";";
  return text;
}

TEST_CASE("otlp settings: whether and where") {
  struct Row {
    std::string_view what;
    config::Config file;
    Variables variables;
    std::string expected;  // authority and target; "" when nothing is exported
    size_t warnings = 0;
  };
  const std::string base = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const std::string traces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
  const Row rows[] = {
      {"nothing said", file_with({}), {}, ""},
      {"the file", file_with("http://a:1/x"), {}, "a:1/x"},
      {"the file, without a path", file_with("http://a:1"), {}, "a:1/v1/traces"},
      {"base", file_with({}), {{base, "http://b:2"}}, "b:2/v1/traces"},
      {"base with a slash", file_with({}), {{base, "http://b:2/"}}, "b:2/v1/traces"},
      {"base with a path", file_with({}), {{base, "http://b:2/otlp//"}}, "b:2/otlp/v1/traces"},
      {"traces alone, as it is", file_with({}), {{traces, "http://c:3/in"}}, "c:3/in"},
      {"traces alone, without a path", file_with({}), {{traces, "http://c:3"}}, "c:3/"},
      {"traces over base",
       file_with({}),
       {{base, "http://b:2"}, {traces, "http://c:3/in"}},
       "c:3/in"},
      {"blanks around", file_with({}), {{base, "  http://b:2 "}}, "b:2/v1/traces"},
      {"empty is unset", file_with({}), {{traces, ""}, {base, "http://b:2"}}, "b:2/v1/traces"},
      {"the file over both",
       file_with("http://a:1/x"),
       {{base, "http://b:2"}, {traces, "http://c:3"}},
       "a:1/x"},
      {"disabled", file_with({}), {{base, "http://b:2"}, {"OTEL_SDK_DISABLED", "true"}}, ""},
      {"disabled, in capitals",
       file_with({}),
       {{base, "http://b:2"}, {"OTEL_SDK_DISABLED", "TRUE"}},
       ""},
      {"not disabled",
       file_with({}),
       {{base, "http://b:2"}, {"OTEL_SDK_DISABLED", "1"}},
       "b:2/v1/traces"},
      {"the file over disabled",
       file_with("http://a:1/x"),
       {{"OTEL_SDK_DISABLED", "true"}},
       "a:1/x"},
      {"exporter none",
       file_with({}),
       {{base, "http://b:2"}, {"OTEL_TRACES_EXPORTER", "none"}},
       ""},
      {"the file over none",
       file_with("http://a:1/x"),
       {{"OTEL_TRACES_EXPORTER", "none"}},
       "a:1/x"},
      {"exporter otlp alone",
       file_with({}),
       {{"OTEL_TRACES_EXPORTER", "otlp"}},
       "localhost:4318/v1/traces"},
      {"exporter otlp and base",
       file_with({}),
       {{base, "http://b:2"}, {"OTEL_TRACES_EXPORTER", "otlp"}},
       "b:2/v1/traces"},
      {"another exporter",
       file_with({}),
       {{base, "http://b:2"}, {"OTEL_TRACES_EXPORTER", "zipkin"}},
       "",
       1},
      {"two exporters",
       file_with({}),
       {{base, "http://b:2"}, {"OTEL_TRACES_EXPORTER", "console, otlp"}},
       "b:2/v1/traces",
       1},
      {"https", file_with({}), {{base, "https://b:2"}}, "", 1},
      {"no URL", file_with({}), {{base, "b:4317"}}, "", 1},
      {"grpc is asked for",
       file_with({}),
       {{base, "http://b:2"}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}},
       "b:2/v1/traces",
       1},
      {"protobuf is asked for",
       file_with({}),
       {{base, "http://b:2"}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"}},
       "b:2/v1/traces"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const OtlpSettings settings = settings_of(row.variables, row.file);
    CHECK(settings.enabled == !row.expected.empty());
    if (settings.enabled) {
      CHECK(settings.endpoint.authority + settings.endpoint.target == row.expected);
    }
    CHECK(settings.warnings.size() == row.warnings);
  }
}

TEST_CASE("otlp settings: which share") {
  struct Row {
    std::string_view what;
    std::optional<double> sample;
    std::string sampler;
    std::string argument;
    double expected;
    bool enabled = true;
    size_t warnings = 0;
  };
  const Row rows[] = {
      {"nothing said", {}, "", "", 0.01},
      {"the file", 0.5, "", "", 0.5},
      {"the file over the environment", 0.5, "always_on", "", 0.5},
      {"the file says none", 0.0, "always_on", "", 0.0},
      {"always_on", {}, "always_on", "", 1},
      {"always_off", {}, "always_off", "", 0, false},
      {"always_off, and the file has a share", 0.5, "always_off", "", 0.5},
      {"parentbased_always_on", {}, "parentbased_always_on", "", 1},
      {"parentbased_always_off: callers decide", {}, "parentbased_always_off", "", 0},
      {"traceidratio", {}, "traceidratio", "0.25", 0.25},
      {"parentbased_traceidratio", {}, "parentbased_traceidratio", "0.001", 0.001},
      {"without an argument", {}, "parentbased_traceidratio", "", 1},
      {"argument out of range", {}, "traceidratio", "1.5", 1, true, 1},
      {"argument negative", {}, "traceidratio", "-0.5", 1, true, 1},
      {"argument no number", {}, "traceidratio", "half", 1, true, 1},
      {"argument with a tail", {}, "traceidratio", "0.5x", 1, true, 1},
      {"argument not a number", {}, "traceidratio", "nan", 1, true, 1},
      {"argument of another sampler", {}, "always_on", "0.5", 1},
      {"an unknown one", {}, "jaeger_remote", "", 0.01, true, 1},
      {"an unknown one behind parentbased", {}, "parentbased_", "", 0.01, true, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const OtlpSettings settings = settings_of({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://b:2"},
                                               {"OTEL_TRACES_SAMPLER", row.sampler},
                                               {"OTEL_TRACES_SAMPLER_ARG", row.argument}},
                                              file_with({}, row.sample));
    CHECK(settings.sample == row.expected);
    CHECK(settings.enabled == row.enabled);
    CHECK(settings.warnings.size() == row.warnings);
  }
  // The share holds for the flags of new traces, too, when nothing is exported.
  CHECK(settings_of({{"OTEL_TRACES_SAMPLER", "always_on"}}).sample == 1);
  CHECK(settings_of({}, file_with({}, 0.3)).sample == 0.3);
  CHECK(settings_of({{"OTEL_TRACES_SAMPLER", "always_off"}}, file_with("http://a:1")).enabled);
}

TEST_CASE("otlp settings: header fields") {
  struct Row {
    std::string_view what;
    Variables variables;
    std::string expected;
    size_t warnings = 0;
  };
  const std::string general = "OTEL_EXPORTER_OTLP_HEADERS";
  const std::string own = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
  const Row rows[] = {
      {"none", {}, ""},
      {"two", {{general, "Api-Key=secret,x-tenant=a"}}, "api-key=secret;x-tenant=a;"},
      {"blanks", {{general, " a = 1 , b=2,"}}, "a=1;b=2;"},
      {"escapes", {{general, "authorization=Basic%20dTpw%3D"}}, "authorization=Basic dTpw=;"},
      {"an equals sign in the value", {{general, "a=b=c"}}, "a=b=c;"},
      {"an empty value", {{general, "a="}}, "a=;"},
      {"those of traces replace", {{general, "a=1"}, {own, "b=2"}}, "b=2;"},
      {"no pair", {{general, "secret"}}, "", 1},
      {"no key", {{general, "=secret"}}, "", 1},
      {"half an escape", {{general, "a=%2"}}, "", 1},
      {"a name that is none", {{general, "a b=1,c=2"}}, "c=2;", 1},
      {"a line break", {{general, "a=x%0d%0ahost: y,c=2"}}, "c=2;", 1},
      {"ours", {{general, "Content-Length=5,host=x,transfer-encoding=chunked,c=2"}}, "c=2;", 3},
      {"too many", {{general, "a=" + std::string(17'000, 'x')}}, "", 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const OtlpSettings settings = settings_of(row.variables, file_with("http://a:1"));
    CHECK(joined(settings.headers) == row.expected);
    CHECK(settings.warnings.size() == row.warnings);
    for (const std::string& warning : settings.warnings) {
      CHECK(warning.find("secret") == std::string::npos);
    }
  }
}

TEST_CASE("otlp settings: the resource") {
  struct Row {
    std::string_view what;
    Variables variables;
    std::string expected;
    size_t warnings = 0;
  };
  const std::string attributes = "OTEL_RESOURCE_ATTRIBUTES";
  const std::string name = "OTEL_SERVICE_NAME";
  const Row rows[] = {
      {"the file", {}, "service.name=cart;service.instance.id=cart-1;"},
      {"a name", {{name, "shop"}}, "service.name=shop;service.instance.id=cart-1;"},
      {"attributes",
       {{attributes, "deployment.environment=prod,a=b%2Cc"}},
       "service.name=cart;service.instance.id=cart-1;deployment.environment=prod;a=b,c;"},
      {"attributes name the service",
       {{attributes, "service.name=shop,service.instance.id=7"}},
       "service.name=shop;service.instance.id=7;"},
      {"the name wins over attributes",
       {{attributes, "x=1,service.name=shop"}, {name, "till"}},
       "service.name=till;service.instance.id=cart-1;x=1;"},
      {"the first of a name given twice",
       {{attributes, "a=1,a=2"}},
       "service.name=cart;service.instance.id=cart-1;a=1;"},
      {"broken ones are not taken at all",
       {{attributes, "a=1,b"}},
       "service.name=cart;service.instance.id=cart-1;",
       1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const OtlpSettings settings = settings_of(row.variables, file_with("http://a:1"));
    CHECK(joined(settings.resource) == row.expected);
    CHECK(settings.warnings.size() == row.warnings);
  }
}

TEST_CASE("otlp settings: limits") {
  const auto with = [](const Variables& variables) {
    return settings_of(variables, file_with("http://a:1"));
  };
  OtlpSettings settings = with({});
  CHECK(settings.timeout == seconds(10));
  CHECK(settings.delay == seconds(5));
  CHECK(settings.max_batch == 512);
  CHECK(settings.max_queue == 2048);

  settings = with({{"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"},
                   {"OTEL_BSP_SCHEDULE_DELAY", "100"},
                   {"OTEL_BSP_MAX_QUEUE_SIZE", "64"},
                   {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "16"}});
  CHECK(settings.timeout == milliseconds(2500));
  CHECK(settings.delay == milliseconds(100));
  CHECK(settings.max_queue == 64);
  CHECK(settings.max_batch == 16);
  CHECK(settings.warnings.empty());

  settings =
      with({{"OTEL_EXPORTER_OTLP_TIMEOUT", "1"}, {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2"}});
  CHECK(settings.timeout == milliseconds(2));
  CHECK(with({{"OTEL_BSP_MAX_QUEUE_SIZE", "100"}}).max_batch == 100);

  settings = with({{"OTEL_EXPORTER_OTLP_TIMEOUT", "0"},
                   {"OTEL_BSP_SCHEDULE_DELAY", "-1"},
                   {"OTEL_BSP_MAX_QUEUE_SIZE", "1000000000"},
                   {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5s"}});
  CHECK(settings.timeout == seconds(10));
  CHECK(settings.delay == seconds(5));
  CHECK(settings.max_queue == 2048);
  CHECK(settings.max_batch == 512);
  CHECK(settings.warnings.size() == 4);
}

}  // namespace
}  // namespace woad
