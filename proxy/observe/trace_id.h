// Trace and span ids, their lower-case hexadecimal text, and the sampling that goes by them.
//
// Pure functions without allocation; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/base/random.h"

namespace woad {

// 16 bytes, most significant first. All zero is no id (W3C Trace Context section 3.2.2.3).
struct TraceId {
  uint64_t high = 0;
  uint64_t low = 0;

  bool valid() const { return (high | low) != 0; }
  bool operator==(const TraceId&) const = default;
};

// 8 bytes. Zero is no id (W3C Trace Context section 3.2.2.4).
struct SpanId {
  uint64_t value = 0;

  bool valid() const { return value != 0; }
  bool operator==(const SpanId&) const = default;
};

inline constexpr size_t kTraceIdDigits = 32;
inline constexpr size_t kSpanIdDigits = 16;

// Exactly 32 (16) digits 0-9 and a-f that are not all zero, or nothing.
std::optional<TraceId> parse_trace_id(std::string_view text);
std::optional<SpanId> parse_span_id(std::string_view text);

// Return the end.
char* write_trace_id(char* out, TraceId id);
char* write_span_id(char* out, SpanId id);

// Even over all valid ids.
TraceId make_trace_id(Random& random);
SpanId make_span_id(Random& random);

// Whether a share (0 to 1) of all traces holds this one: the same answer wherever the share is the
// same. Goes by the lowest 56 bits, which are the random ones of an id (W3C Trace Context Level 2
// section 3.2.2.5), against the threshold of OpenTelemetry's probability sampling.
bool in_sampled_share(TraceId id, double share);

}  // namespace woad
