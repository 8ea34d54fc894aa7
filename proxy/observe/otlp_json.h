// The body of an OTLP/HTTP trace export in JSON: an ExportTraceServiceRequest
// (opentelemetry/proto/collector/trace/v1, encoded as section "JSON Protobuf Encoding" of
// https://opentelemetry.io/docs/specs/otlp/ says: ids in hex, 64-bit integers as decimal strings,
// enums as numbers). One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/observe/span.h"

namespace woad {

// Attributes of the resource, such as service.name; names are unique.
using ResourceAttributes = std::vector<std::pair<std::string, std::string>>;

class OtlpBody {
 public:
  // `version` is that of the instrumentation scope, which is woad.
  OtlpBody(const ResourceAttributes& resource, std::string_view version);

  void add(const Span& span);
  // Spans since the last take().
  size_t spans() const { return spans_; }
  size_t bytes() const { return text_.size(); }
  // The whole body; the next one begins. Requires a span.
  std::string take();

 private:
  std::string head_;  // up to the first span
  std::string text_;
  size_t spans_ = 0;
};

}  // namespace woad
