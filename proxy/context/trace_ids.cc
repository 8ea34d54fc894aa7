#include "proxy/context/trace_ids.h"

#include "proxy/base/strings.h"
#include "proxy/observe/b3.h"
#include "proxy/observe/hex.h"
#include "proxy/observe/request_id.h"
#include "proxy/observe/trace_context.h"
#include "proxy/observe/tracestate.h"

namespace woad {
namespace {

constexpr std::string_view kMultiPrefix = "x-b3-";

// The fields of a head that matter here, found in one walk.
struct TraceFields {
  const Header* traceparent = nullptr;
  const Header* b3 = nullptr;
  std::string_view request_id;  // the first that is valid, else the last
  size_t request_ids = 0;
  bool two_parents = false;
  bool tracestate = false;
  bool multi = false;
  B3Fields b3_multi;
};

bool is_multi(const Header& field) {
  return field.id == HeaderId::kOther && field.name.size() > kMultiPrefix.size() &&
         starts_with_ignore_case(field.name, kMultiPrefix);
}

void take_multi(const Header& field, TraceFields& found) {
  const std::string_view part = field.name.substr(kMultiPrefix.size());
  const std::string_view value = trim(field.value);
  std::string_view* const slot = equals_ignore_case(part, "traceid")  ? &found.b3_multi.trace_id
                                 : equals_ignore_case(part, "spanid") ? &found.b3_multi.span_id
                                 : equals_ignore_case(part, "parentspanid")
                                     ? &found.b3_multi.parent_span_id
                                 : equals_ignore_case(part, "sampled") ? &found.b3_multi.sampled
                                 : equals_ignore_case(part, "flags")   ? &found.b3_multi.flags
                                                                       : nullptr;
  if (slot == nullptr) return;
  found.multi = true;
  if (slot->empty()) *slot = value;
}

TraceFields find_fields(const Headers& headers) {
  TraceFields found;
  for (const Header& field : headers) {
    switch (field.id) {
      case HeaderId::kTraceparent:
        found.two_parents = found.traceparent != nullptr;
        found.traceparent = &field;
        break;
      case HeaderId::kTracestate: found.tracestate = true; break;
      case HeaderId::kB3:
        if (found.b3 == nullptr) found.b3 = &field;
        break;
      case HeaderId::kRequestId:
        ++found.request_ids;
        if (!valid_request_id(found.request_id)) found.request_id = trim(field.value);
        break;
      default:
        if (is_multi(field)) take_multi(field, found);
    }
  }
  return found;
}

void count_dropped(WorkerMetrics& metrics, std::string_view carrier) {
  metrics.count(Family::kTraceDropped, {metrics.intern(carrier)});
}

void take(const B3Context& b3, TraceInfo& trace) {
  if (const auto sampled = b3.sampled(); sampled && !trace.decided) {
    trace.decided = true;
    trace.sampled = *sampled;
  }
  if (trace.trace.valid() || !b3.trace.valid()) return;
  trace.trace = b3.trace;
  trace.parent = b3.span;
}

// One good id goes on, in one field; the rest does not.
void take_request_id(const TraceFields& found, Headers& headers, TraceInfo& trace,
                     WorkerMetrics& metrics) {
  const bool good = valid_request_id(found.request_id);
  if (good) trace.request_id = found.request_id;
  if (found.request_ids == (good ? 1U : 0U)) return;
  count_dropped(metrics, "x-request-id");
  if (good) {
    headers.set("x-request-id", found.request_id);
  } else {
    headers.remove(HeaderId::kRequestId);
  }
}

}  // namespace

TraceId parse_b3_trace_id(std::string_view text) {
  if (text.size() == kTraceIdDigits) return parse_trace_id(text).value_or(TraceId{});
  if (text.size() != kTraceIdDigits / 2) return {};
  return {0, parse_lower_hex(text).value_or(0)};
}

void read_trace(RequestHead& head, TraceInfo& trace, WorkerMetrics& metrics) {
  const TraceFields found = find_fields(head.headers);
  bool restart = false;
  bool bad_b3 = false;
  bool bad_multi = false;
  if (found.traceparent != nullptr) {
    const auto parent =
        found.two_parents ? std::nullopt : parse_traceparent(trim(found.traceparent->value));
    if (parent) {
      trace.trace = parent->trace;
      trace.parent = parent->parent;
      trace.sampled = parent->sampled();
      trace.decided = true;
    } else {
      restart = true;
      count_dropped(metrics, "traceparent");
    }
  }
  if (found.b3 != nullptr) {
    const auto b3 = parse_b3_single(trim(found.b3->value));
    if (b3) take(*b3, trace);
    bad_b3 = !b3;
    if (bad_b3) count_dropped(metrics, "b3");
  }
  if (found.multi) {
    const auto b3 = parse_b3_multi(found.b3_multi);
    const TraceId alone = parse_b3_trace_id(found.b3_multi.trace_id);
    if (b3) {
      take(*b3, trace);
    } else if (found.b3_multi.span_id.empty() && alone.valid()) {
      // An app that passes on nothing but the id.
      if (!trace.trace.valid()) trace.trace = alone;
    } else {
      bad_multi = true;
    }
    if (bad_multi) count_dropped(metrics, "x-b3");
  }
  take_request_id(found, head.headers, trace, metrics);
  bool bad_state = restart;
  if (found.tracestate && !restart) {
    Tracestate state;
    for (const Header& field : head.headers) {
      if (field.id == HeaderId::kTracestate) (void)state.add(field.value);
    }
    bad_state = state.dropped();
    if (bad_state) count_dropped(metrics, "tracestate");
  }
  if (!restart && !bad_b3 && !bad_multi && !bad_state) return;
  head.headers.remove_if([&](const Header& field) {
    switch (field.id) {
      case HeaderId::kTraceparent: return restart;
      case HeaderId::kTracestate: return bad_state;
      case HeaderId::kB3: return bad_b3;
      default: return bad_multi && is_multi(field);
    }
  });
}

void complete_trace(RequestHead& head, TraceInfo& trace, Random& random) {
  Arena& arena = head.headers.arena();
  if (trace.request_id.empty()) {
    trace.request_id = make_request_id(random, arena);
    head.headers.add("x-request-id", trace.request_id, HeaderId::kRequestId);
  }
  if (!trace.trace.valid()) trace.trace = make_trace_id(random);
  if (!trace.parent.valid()) trace.parent = make_span_id(random);
  if (head.headers.find(HeaderId::kTraceparent) == nullptr) {
    const Traceparent parent{trace.trace, trace.parent,
                             trace.sampled ? Traceparent::kSampled : uint8_t{0}};
    head.headers.add("traceparent", format_traceparent(parent, arena), HeaderId::kTraceparent);
  }
}

}  // namespace woad
