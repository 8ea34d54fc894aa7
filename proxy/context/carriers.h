// Putting a context into what travels: the canonical headers, baggage and tracestate.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/context/system.h"
#include "proxy/context/values.h"
#include "proxy/http/headers.h"
#include "proxy/observe/metrics.h"

namespace woad {

// The canonical headers say `values`; an empty value changes nothing.
void set_context_headers(Headers& headers, const ContextValues& values, const ContextNames& names);

// All carriers that the file allows say `values`, for an app that passes on any one of them. What
// does not fit into its carrier is left out and counted.
void plant_context(Headers& headers, const ContextValues& values, const ContextRules& rules,
                   WorkerMetrics& metrics);

// For services that are not ours: no header of context, no member of ours, no x-woad-*.
void remove_context(Headers& headers, const ContextNames& names);

// Our member of tracestate, as it stands there; nothing when there is none. A list that breaks a
// rule has none (see read_trace(), which removes such a list).
std::optional<std::string_view> find_state_member(const Headers& headers);
void strip_state_member(Headers& headers);

}  // namespace woad
