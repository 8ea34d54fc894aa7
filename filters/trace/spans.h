// What the spans of an exchange say.
//
// Names and rules are those of the OpenTelemetry conventions for HTTP spans
// (https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
#pragma once

#include "filters/trace/fields.h"
#include "proxy/base/time.h"
#include "proxy/http/exchange_info.h"
#include "proxy/observe/span.h"

namespace woad {

// One try of an outbound request.
struct TriedSpan {
  SpanId id;
  uint32_t number = 0;
  WallTime start{};
  WallTime end{};
  int status = 0;                      // of the upstream; 0: none
  ErrorCode error = ErrorCode::kNone;  // why it failed; kNone with a status below 400, or given up
};

// The whole exchange: a server span on inbound, a client span on outbound. `info` as in on_end.
void describe_exchange(Span& span, const ExchangeInfo& info, const SpanPlace& place);

// A client span below that of the exchange, which is `parent`.
void describe_try(Span& span, const ExchangeInfo& info, const TriedSpan& tried, SpanId parent);

}  // namespace woad
