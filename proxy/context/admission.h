// The context of a request as it comes: what its sender may not say is removed, the rest is read.
#pragma once

#include <optional>

#include "proxy/context/system.h"
#include "proxy/http/exchange_info.h"
#include "proxy/http/outcome.h"
#include "proxy/observe/metrics.h"

namespace woad {

// Before anything matches on them: colour, tenant and source of `info` are set from header and
// aliases, else baggage, else tracestate, each value from the first that has it. On inbound,
// `info.principal` decides what is taken over. Values of wrong syntax are removed and count as
// absent; one canonical header is left for each value that came in a header, in lower case. Two
// different valid values in headers, or on inbound a name of ours with '_' for '-': the answer to
// give (400).
std::optional<LocalReply> admit_context(RequestHead& head, const ContextRules& rules,
                                        ExchangeInfo& info, WorkerMetrics& metrics);

// Context never travels in trailers.
void admit_trailers(Headers& trailers, const ContextRules& rules);

}  // namespace woad
