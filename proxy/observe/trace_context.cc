#include "proxy/observe/trace_context.h"

#include "proxy/base/result.h"
#include "proxy/observe/hex.h"

namespace woad {
namespace {

constexpr uint8_t kKnownFlags = Traceparent::kSampled | Traceparent::kRandom;
constexpr uint64_t kForbiddenVersion = 0xff;

}  // namespace

std::optional<Traceparent> parse_traceparent(std::string_view value) {
  constexpr size_t kLength = Traceparent::kLength;
  if (value.size() < kLength) return std::nullopt;
  if (value[2] != '-' || value[35] != '-' || value[52] != '-') return std::nullopt;
  const auto version = parse_lower_hex(value.substr(0, 2));
  if (!version || *version == kForbiddenVersion) return std::nullopt;
  const bool may_go_on = *version > 0 && value.size() > kLength && value[kLength] == '-';
  if (value.size() > kLength && !may_go_on) return std::nullopt;
  const auto trace = parse_trace_id(value.substr(3, kTraceIdDigits));
  const auto parent = parse_span_id(value.substr(36, kSpanIdDigits));
  const auto flags = parse_lower_hex(value.substr(53, 2));
  if (!trace || !parent || !flags) return std::nullopt;
  return Traceparent{*trace, *parent, static_cast<uint8_t>(*flags & kKnownFlags)};
}

std::string_view format_traceparent(const Traceparent& parent, Arena& arena) {
  WOAD_ASSERT(parent.trace.valid() && parent.parent.valid());
  auto* const text = static_cast<char*>(arena.allocate(Traceparent::kLength, 1));
  char* at = write_lower_hex(text, 0, 2);
  *at++ = '-';
  at = write_trace_id(at, parent.trace);
  *at++ = '-';
  at = write_span_id(at, parent.parent);
  *at++ = '-';
  write_lower_hex(at, parent.flags & kKnownFlags, 2);
  return {text, Traceparent::kLength};
}

}  // namespace woad
