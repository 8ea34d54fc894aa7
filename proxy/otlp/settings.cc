#include "proxy/otlp/settings.h"

#include <algorithm>
#include <charconv>

#include "config/values.h"
#include "proxy/base/strings.h"
#include "proxy/http/byte_class.h"
#include "proxy/otlp/environment.h"

namespace woad {
namespace {

constexpr std::string_view kDefaultEndpoint = "http://localhost:4318";
constexpr std::string_view kTracesPath = "/v1/traces";
constexpr size_t kMaxHeaders = size_t{16} * 1024;
constexpr size_t kMostSpans = 16384;  // of max_queue: about 20 MB

// Header fields that the exporter writes itself.
constexpr std::string_view kOurs[] = {"connection",     "content-encoding",
                                      "content-length", "content-type",
                                      "expect",         "host",
                                      "keep-alive",     "te",
                                      "trailer",        "transfer-encoding",
                                      "upgrade"};

const std::string* find_pair(const OtelPairs& pairs, std::string_view key) {
  const auto found =
      std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == key; });
  return found == pairs.end() ? nullptr : &found->second;
}

std::string joined_url(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  return base + std::string(kTracesPath);
}

// Whether OTEL_TRACES_EXPORTER names the exporter that this is; nothing when it is unset.
std::optional<bool> exporter_named(OtelEnvironment& environment) {
  const std::string name = "OTEL_TRACES_EXPORTER";
  const std::string value = environment.text(name);
  if (value.empty()) return std::nullopt;
  bool otlp = false;
  for_each_list_item(value, [&](std::string_view item) {
    if (item == "otlp") otlp = true;
    if (item != "otlp" && item != "none") environment.warn(name, "only otlp and none are known");
    return true;
  });
  return otlp;
}

// Where the environment sends spans; "" when nowhere.
std::pair<std::string, std::string> url_of(OtelEnvironment& environment) {
  const auto named = exporter_named(environment);
  if (environment.is_true("OTEL_SDK_DISABLED") || named == false) return {};
  const std::string own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
  if (std::string url = environment.text(own); !url.empty()) return {own, std::move(url)};
  const std::string general = "OTEL_EXPORTER_OTLP_ENDPOINT";
  if (std::string url = environment.text(general); !url.empty()) {
    return {general, joined_url(std::move(url))};
  }
  if (named == true) return {"OTEL_TRACES_EXPORTER", joined_url(std::string(kDefaultEndpoint))};
  return {};
}

Result<Url> collector_url(const std::string& url) {
  auto parsed = parse_url(url);
  if (!parsed) return Error{"is not a URL such as http://127.0.0.1:4318/v1/traces"};
  if (parsed->tls) return Error{"https is not available yet, write http://"};
  return parsed;
}

void read_endpoint(const config::Tracing& file, OtelEnvironment& environment,
                   OtlpSettings& settings) {
  const auto [name, url] = file.otlp
                               ? std::pair<std::string, std::string>("tracing.otlp", **file.otlp)
                               : url_of(environment);
  if (url.empty()) return;
  auto endpoint = collector_url(url);
  if (endpoint) {
    settings.endpoint = std::move(*endpoint);
    if (file.otlp && settings.endpoint.target == "/") settings.endpoint.target = kTracesPath;
    settings.enabled = true;
  } else {
    environment.warn(name, endpoint.error().message + ", so no span is exported");
  }
  const auto [protocol_name, protocol] = environment.signal_or_general("PROTOCOL");
  if (settings.enabled && protocol == "grpc") {
    environment.warn(protocol_name, "grpc is not spoken; spans go as JSON over HTTP");
  }
}

bool valid_field(const std::string& name, const std::string& value) {
  return config::is_token(name) &&
         std::find(std::begin(kOurs), std::end(kOurs), name) == std::end(kOurs) && is_text(value);
}

void read_headers(OtelEnvironment& environment, OtlpSettings& settings) {
  const auto [name, value] = environment.signal_or_general("HEADERS");
  if (value.size() > kMaxHeaders) return environment.warn(name, "is longer than 16 KiB");
  auto pairs = parse_otel_pairs(value);
  if (!pairs) return environment.warn(name, "is not of the form key=value,key=value");
  for (auto& [key, field] : *pairs) {
    key = lower(key);
    if (valid_field(key, field)) {
      settings.headers.emplace_back(std::move(key), std::move(field));
    } else {
      environment.warn(name, "one of the fields cannot be sent");
    }
  }
}

void read_resource(const config::NodeIdentity& node, OtelEnvironment& environment,
                   OtlpSettings& settings) {
  const std::string name = "OTEL_RESOURCE_ATTRIBUTES";
  auto pairs = parse_otel_pairs(environment.text(name));
  if (!pairs) environment.warn(name, "is not of the form key=value,key=value");
  const OtelPairs given = pairs ? std::move(*pairs) : OtelPairs();
  const auto first_of = [&](std::string_view key, const std::string& otherwise) {
    const std::string* found = find_pair(given, key);
    return found != nullptr ? *found : otherwise;
  };
  std::string service = environment.text("OTEL_SERVICE_NAME");
  if (service.empty()) service = first_of("service.name", node.service);
  settings.resource = {{"service.name", std::move(service)},
                       {"service.instance.id", first_of("service.instance.id", node.instance)}};
  for (const auto& [key, value] : given) {  // of a name given twice the first holds
    if (find_pair(settings.resource, key) == nullptr) settings.resource.emplace_back(key, value);
  }
}

std::optional<double> share_of(std::string_view text) {
  double share = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && share >= 0 && share <= 1 ? std::optional(share) : std::nullopt;
}

// Parent-based or not, a caller's decision is kept: a mesh whose hops decide for themselves has
// traces with holes.
void read_sampler(const config::Tracing& file, OtelEnvironment& environment,
                  OtlpSettings& settings) {
  if (file.sample) {
    settings.sample = file.sample->value;
    return;
  }
  std::string name = "OTEL_TRACES_SAMPLER";
  const std::string value = environment.text(name);
  std::string_view sampler = value;
  constexpr std::string_view kParentBased = "parentbased_";
  if (sampler.starts_with(kParentBased)) sampler.remove_prefix(kParentBased.size());
  if (sampler == "always_on") {
    settings.sample = 1;
  } else if (sampler == "always_off") {
    settings.sample = 0;
    if (sampler == value && !file.otlp) settings.enabled = false;  // not even for callers
  } else if (sampler == "traceidratio") {
    name += "_ARG";
    const std::string text = environment.text(name);
    const auto share = share_of(text);
    if (!share && !text.empty()) environment.warn(name, "is not a number from 0 to 1");
    settings.sample = share.value_or(1);  // the default of the specification
  } else if (!value.empty()) {
    environment.warn(name, "this sampler is not known, the default stays");
  }
}

void read_limits(OtelEnvironment& environment, OtlpSettings& settings) {
  constexpr uint64_t kLongest = 3'600'000;  // an hour, in milliseconds
  const auto number = [&](const std::string& name, uint64_t most) {
    return environment.number(name, environment.text(name), most);
  };
  const auto [name, value] = environment.signal_or_general("TIMEOUT");
  const auto timeout = environment.number(name, value, kLongest);
  const auto delay = number("OTEL_BSP_SCHEDULE_DELAY", kLongest);
  if (timeout) settings.timeout = milliseconds(*timeout);
  if (delay) settings.delay = milliseconds(*delay);
  settings.max_queue = number("OTEL_BSP_MAX_QUEUE_SIZE", kMostSpans).value_or(settings.max_queue);
  settings.max_batch =
      number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", kMostSpans).value_or(settings.max_batch);
  settings.max_batch = std::min(settings.max_batch, settings.max_queue);
}

}  // namespace

OtlpSettings otlp_settings(const config::Config& file, const config::Environment& variables) {
  OtlpSettings settings;
  OtelEnvironment environment(variables, settings.warnings);
  const config::Tracing tracing = file.tracing.value_or(config::Tracing());
  read_endpoint(tracing, environment, settings);
  read_sampler(tracing, environment, settings);
  if (!settings.enabled) return settings;
  read_headers(environment, settings);
  read_resource(file.node, environment, settings);
  read_limits(environment, settings);
  return settings;
}

}  // namespace woad
