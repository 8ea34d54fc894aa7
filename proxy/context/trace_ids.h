// The ids of a request's trace: reading them from its head, and seeing to it that it has some.
#pragma once

#include "proxy/base/random.h"
#include "proxy/http/exchange_info.h"
#include "proxy/http/message.h"
#include "proxy/observe/metrics.h"

namespace woad {

// Fills `trace` from traceparent, else from b3 in either encoding, and from x-request-id. A broken
// traceparent takes tracestate with it (W3C Trace Context section 3.2.3): the trace starts anew. A
// broken b3 or tracestate goes alone; each is counted. Valid ids are never changed.
void read_trace(RequestHead& head, TraceInfo& trace, WorkerMetrics& metrics);

// x-b3-traceid by itself, of 128 or 64 bits; not valid when it is none.
TraceId parse_b3_trace_id(std::string_view text);

// What is still missing is made: ids, and the fields traceparent and x-request-id.
void complete_trace(RequestHead& head, TraceInfo& trace, Random& random);

}  // namespace woad
