#include "filters/trace/fields.h"

#include "proxy/observe/b3.h"
#include "proxy/observe/trace_context.h"

namespace woad {
namespace {

using Sampling = B3Context::Sampling;

// 64-bit ids of B3 are the lower half of those of a tracer that speaks W3C, too.
bool of_trace(const B3Context& b3, TraceId trace) {
  return !b3.trace.valid() || b3.trace == trace || (!b3.wide && b3.trace.low == trace.low);
}

// What B3 says from here on.
B3Context continued(const B3Context& b3, TraceId trace, const SpanPlace& place) {
  B3Context next = b3;
  if (!b3.trace.valid()) next.trace = trace;
  next.span = place.span;
  next.parent = place.parent;
  if (b3.sampling != Sampling::kDebug) next.sampling = Sampling::kAccept;
  return next;
}

void set_b3_single(Headers& headers, TraceId trace, const SpanPlace& place) {
  const Header* field = headers.find(HeaderId::kB3);
  if (field == nullptr) return;
  const auto b3 = parse_b3_single(field->value);
  if (!b3 || !of_trace(*b3, trace)) return;
  headers.set("b3", format_b3_single(continued(*b3, trace, place), headers.arena()));
}

void set_b3_multi(Headers& headers, TraceId trace, const SpanPlace& place) {
  const auto value = [&](std::string_view name) {
    const Header* field = headers.find(name);
    return field == nullptr ? std::string_view() : field->value;
  };
  const auto b3 =
      parse_b3_multi({value("x-b3-traceid"), value("x-b3-spanid"), value("x-b3-parentspanid"),
                      value("x-b3-sampled"), value("x-b3-flags")});
  if (!b3 || !of_trace(*b3, trace)) return;
  const B3Fields next = format_b3_multi(continued(*b3, trace, place), headers.arena());
  const auto set = [&](std::string_view name, std::string_view text) {
    if (text.empty()) {
      headers.remove(name);
    } else {
      headers.set(name, text);
    }
  };
  set("x-b3-traceid", next.trace_id);
  set("x-b3-spanid", next.span_id);
  set("x-b3-parentspanid", next.parent_span_id);
  set("x-b3-sampled", next.sampled);
  set("x-b3-flags", next.flags);
}

}  // namespace

void set_traceparent(Headers& headers, TraceId trace, SpanId span, bool sampled) {
  unsigned flags = sampled ? Traceparent::kSampled : 0;
  if (const Header* field = headers.find(HeaderId::kTraceparent)) {
    const auto before = parse_traceparent(field->value);
    if (before && before->trace == trace) flags |= before->flags & Traceparent::kRandom;
  }
  const Traceparent next{trace, span, static_cast<uint8_t>(flags)};
  headers.set("traceparent", format_traceparent(next, headers.arena()));
}

void set_trace_fields(Headers& headers, TraceId trace, const SpanPlace& place) {
  set_traceparent(headers, trace, place.span, true);
  set_b3_single(headers, trace, place);
  set_b3_multi(headers, trace, place);
}

}  // namespace woad
