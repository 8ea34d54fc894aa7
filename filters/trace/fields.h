// Puts a span of ours into the trace fields of a head.
#pragma once

#include "proxy/http/message.h"
#include "proxy/observe/trace_id.h"

namespace woad {

// A span that is recorded here, and the one it belongs to.
struct SpanPlace {
  SpanId span;
  SpanId parent;  // not valid: a root
};

// traceparent names the span, sampled. B3 does where it came, in its encoding: with the span's
// parent, and as debug if it was. A b3 of another trace than `trace` stays as it is.
void set_trace_fields(Headers& headers, TraceId trace, const SpanPlace& place);

// traceparent alone, sampled or not.
void set_traceparent(Headers& headers, TraceId trace, SpanId span, bool sampled);

}  // namespace woad
