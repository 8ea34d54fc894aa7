// Where spans go, how often and as whose: out of the file's `tracing` and the OTEL_ variables of
// the environment. Pure; any thread.
//
// Variables are those of
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
// .../protocol/exporter/. The file wins: `tracing.otlp` over whatever says where spans go or that
// they go nowhere, `tracing.sample` over OTEL_TRACES_SAMPLER; but for the names of the resource,
// where `node` is what holds when the environment names no other. A variable that cannot be
// understood counts as unset and gives a warning, as the specification asks; so does an empty one,
// without.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/types.h"
#include "proxy/base/time.h"
#include "proxy/client/url.h"
#include "proxy/observe/otlp_json.h"

namespace woad {

struct OtlpSettings {
  bool enabled = false;  // false: nothing is exported, and the rest says nothing but `sample`
  Url endpoint;
  std::vector<std::pair<std::string, std::string>> headers;  // besides our own; lower-case names
  ResourceAttributes resource;
  // The share of the traces that begin here and are recorded; a caller's decision is kept.
  double sample = 0.01;
  // Of one try to export a batch (OTEL_EXPORTER_OTLP_TIMEOUT).
  Duration timeout = seconds(10);
  // Between two exports while fewer than `max_batch` spans wait (OTEL_BSP_*).
  Duration delay = seconds(5);
  size_t max_batch = 512;
  size_t max_queue = 2048;            // spans that wait; what is over is dropped
  std::vector<std::string> warnings;  // sentences without a final dot

  bool operator==(const OtlpSettings&) const = default;
};

OtlpSettings otlp_settings(const config::Config& file, const config::Environment& variables);

}  // namespace woad
