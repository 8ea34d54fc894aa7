// Putting a context into what travels: the canonical headers, baggage and tracestate.
#pragma once

#include "proxy/context/system.h"
#include "proxy/context/values.h"
#include "proxy/http/headers.h"
#include "proxy/observe/metrics.h"
#include "proxy/observe/tracestate.h"

namespace woad {

// The canonical headers say `values`; an empty value changes nothing.
void set_context_headers(Headers& headers, const ContextValues& values, const ContextNames& names);

// All carriers that the file allows say `values`, for an app that passes on any one of them. What
// does not fit into its carrier is left out and counted.
void plant_context(Headers& headers, const ContextValues& values, const ContextRules& rules,
                   WorkerMetrics& metrics);

// For services that are not ours: no header of context, no member of ours, no x-woad-*.
void remove_context(Headers& headers, const ContextNames& names);

// All its fields. A list that breaks a rule has no members (see read_trace(), which removes it).
Tracestate read_tracestate(const Headers& headers);
void strip_state_member(Headers& headers);

}  // namespace woad
