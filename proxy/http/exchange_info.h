// What is known about one exchange: filled in as it becomes known, read by filters, the access log
// and metrics. Views live in the exchange's arena or in its snapshot; valid until on_end returns.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/base/time.h"
#include "proxy/http/message.h"
#include "proxy/http/outcome.h"
#include "proxy/net/address.h"
#include "proxy/observe/trace_id.h"

namespace woad {

enum class Direction : uint8_t { kInbound, kOutbound };
std::string_view to_string(Direction direction);

// Where the colour of a request came from; the words of config/reference.md ("source").
enum class ContextSource : uint8_t {
  kNone,
  kHeader,
  kBaggage,
  kTracestate,
  kTable,     // found again by an id of the request
  kInferred,  // all live inbound requests have this one
  kDye,       // a dye rule
  kInstance,  // this pod's own colour
};
std::string_view to_string(ContextSource source);

// Why this pool; the words of config/reference.md ("reason").
enum class PoolReason : uint8_t {
  kUndyed,
  kExact,
  kParent,
  kBaseAbsent,     // fell to base because the colour has no pool
  kBaseUnhealthy,  // fell to base because the colour's pool had nobody to answer
  kFailedAbsent,
  kFailedUnhealthy,
};
std::string_view to_string(PoolReason reason);

// Who ended the exchange before its time.
enum class ClosedBy : uint8_t { kNobody, kDownstream, kUpstream, kWoad };
std::string_view to_string(ClosedBy closed_by);

// By which ids a request is found in traces and logs; read from its head before the chain, made or
// repaired by `context` and `trace`.
struct TraceInfo {
  TraceId trace;  // not valid: the request has none yet
  SpanId parent;  // the caller's span
  SpanId span;    // ours; not valid: nothing is recorded here
  bool sampled = false;
  bool decided = false;         // the caller said whether it is sampled
  std::string_view request_id;  // "": the request has none yet
};

struct ExchangeInfo {
  Direction direction = Direction::kOutbound;
  WallTime start_wall{};
  MonoTime start{};
  MonoTime end{};  // set before on_end

  Address client;                        // the far end of the connection it came on
  const RequestHead* request = nullptr;  // never null once a filter sees it
  std::string_view principal;            // the peer's verified SPIFFE id; "" = none
  std::string_view peer_certificate;     // SHA-256 of its leaf, lower-case hexadecimal; "" = none
  std::string_view own_id;               // the SPIFFE id that we showed it; "" = none
  bool probe = false;                    // let in as a plaintext probe: no rule, no context
  std::string_view color;                // lower-cased; "" = undyed
  std::string_view tenant;
  ContextSource context_source = ContextSource::kNone;
  TraceInfo trace;
  // Until when the response must have begun, as far as is known: set by `timeout`, and before it by
  // `context` for the outbound requests of an inbound one.
  MonoTime deadline = MonoTime::max();
  // Which try of its caller's the request is (x-woad-attempt).
  uint32_t caller_attempt = 1;

  // The endpoint that the client itself called, where a connection's address chose the service; not
  // valid: its words did.
  Address called;
  std::string_view service;  // "" until chosen, or when no service was found
  std::string_view route;    // "" without a route; else its name, such as "routes[0]"
  std::string_view pool;     // "" until chosen
  PoolReason pool_reason = PoolReason::kUndyed;
  std::string_view upstream_host;  // address of the last attempt
  uint32_t attempts = 0;

  int status = 0;               // what the client got; 0: nothing
  uint64_t bytes_received = 0;  // request body
  uint64_t bytes_sent = 0;      // response body
  ErrorCode error = ErrorCode::kNone;
  std::string_view why;  // the sentence for the log; "" when all went well
  ClosedBy closed_by = ClosedBy::kNobody;
  bool grpc = false;
  std::string_view told_as;  // its name in debug lines; "": they tell nothing of it
};

}  // namespace woad
