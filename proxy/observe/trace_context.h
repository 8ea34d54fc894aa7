// The traceparent field of W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context-1/).
//
// Pure functions; any thread. Section numbers are those of the recommendation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/base/arena.h"
#include "proxy/observe/trace_id.h"

namespace woad {

struct Traceparent {
  // Bits of `flags`; all others are unknown to version 00 and never written (section 3.2.2.5).
  static constexpr uint8_t kSampled = 0x01;
  // Level 2: the id's lowest 56 bits are random. Passed on, never set by us: parsers in the field
  // refuse flags that level 1 does not know.
  static constexpr uint8_t kRandom = 0x02;
  static constexpr size_t kLength = 55;  // of version 00

  TraceId trace;
  SpanId parent;
  uint8_t flags = 0;

  bool sampled() const { return (flags & kSampled) != 0; }
  bool operator==(const Traceparent&) const = default;
};

// The value of the only traceparent field of a head, without surrounding blanks. Nothing when it is
// invalid: the trace is then to be restarted. Higher versions are read as section 3.2.4 says.
std::optional<Traceparent> parse_traceparent(std::string_view value);

// Version 00. Requires valid ids.
std::string_view format_traceparent(const Traceparent& parent, Arena& arena);

}  // namespace woad
