// How a try ended, and what each end means: one table for the answer, the metrics, the spans and
// whoever thinks of trying again.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/exchange_info.h"
#include "proxy/http/message.h"
#include "proxy/http/outcome.h"
#include "proxy/http/stream.h"
#include "proxy/upstream/service.h"

namespace woad {

struct Outcome {
  enum class Kind : uint8_t {
    kAccepted,       // the head of a response came
    kConnectFailed,  // no connection, or none that we may use
    kNoMeans,        // we could not even try (no file descriptor): nothing is known of the upstream
    kRefused,        // the upstream did not process it at all (REFUSED_STREAM, GOAWAY)
    kReset,          // it broke off before a response
    kBadResponse,    // what came is no HTTP
    kPerTryTimeout,  // AttemptPlan::per_try was over
    kCancelled,      // given up: by the client, or by a filter's answer
    kNotMade,        // refused by a later filter, or the pool had nobody: nothing was tried
  };
  Kind kind;
  uint32_t number = 1;  // of the try
  // What the client is told if no other try follows; with kCancelled what it was told instead.
  ErrorCode error = ErrorCode::kNone;
  const Endpoint* endpoint = nullptr;      // nullptr: kNotMade
  const ResponseHead* response = nullptr;  // kAccepted alone
  bool anything_sent = false;              // bytes of the request may have reached the upstream
  // Whether another try could be made: the request is still here as a whole, and nobody has given
  // it up. HttpFilter::next_try is asked only then.
  bool may_try_again = false;

  int status() const { return response == nullptr ? 0 : response->status; }
};

struct OutcomeInfo {
  std::string_view word;  // label `result` of woad_upstream_attempts_total
  ErrorCode error;        // status, Proxy-Status and gRPC status are those of the code
  ClosedBy ended_by;      // when no response came of it
  bool unprocessed;       // the request may be sent again, whatever its method
};

const OutcomeInfo& outcome_info(Outcome::Kind kind);

// Whether a try ended as a gateway's failure; nothing is known of one that was given up.
Breaker::Result judge(const Outcome& outcome);

// The end of a try whose stream died before a response.
Outcome::Kind outcome_of(ResetReason reason);

}  // namespace woad
