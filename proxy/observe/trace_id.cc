#include "proxy/observe/trace_id.h"

#include "proxy/observe/hex.h"

namespace woad {

std::optional<TraceId> parse_trace_id(std::string_view text) {
  if (text.size() != kTraceIdDigits) return std::nullopt;
  const auto high = parse_lower_hex(text.substr(0, 16));
  const auto low = parse_lower_hex(text.substr(16));
  if (!high || !low || (*high | *low) == 0) return std::nullopt;
  return TraceId{*high, *low};
}

std::optional<SpanId> parse_span_id(std::string_view text) {
  if (text.size() != kSpanIdDigits) return std::nullopt;
  const auto value = parse_lower_hex(text);
  if (!value || *value == 0) return std::nullopt;
  return SpanId{*value};
}

char* write_trace_id(char* out, TraceId id) {
  return write_lower_hex(write_lower_hex(out, id.high), id.low);
}

char* write_span_id(char* out, SpanId id) { return write_lower_hex(out, id.value); }

TraceId make_trace_id(Random& random) {
  for (;;) {
    const TraceId id{random.next(), random.next()};
    if (id.valid()) return id;
  }
}

SpanId make_span_id(Random& random) {
  for (;;) {
    const SpanId id{random.next()};
    if (id.valid()) return id;
  }
}

bool in_sampled_share(TraceId id, double share) {
  constexpr uint64_t kAll = uint64_t{1} << 56;
  if (share >= 1) return true;
  if (!(share > 0)) return false;
  const auto threshold = static_cast<uint64_t>((1 - share) * static_cast<double>(kAll));
  return (id.low & (kAll - 1)) >= threshold;
}

}  // namespace woad
