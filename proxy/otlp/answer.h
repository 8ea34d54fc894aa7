// What a collector's answer means for a batch (https://opentelemetry.io/docs/specs/otlp/, sections
// "OTLP/HTTP Response" and "Retryable Response Codes"). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/time.h"
#include "proxy/client/http_asker.h"

namespace woad {

struct OtlpVerdict {
  enum class Kind : uint8_t {
    kDelivered,
    kTryAgain,  // 429, 502, 503, 504, or no answer at all
    kRefused,   // any other status
  };
  Kind kind = Kind::kRefused;
  uint64_t rejected = 0;                // delivered: spans that the collector did not take
  std::string why;                      // the collector's words or ours; "" when all went well
  std::optional<Duration> retry_after;  // try again: what the collector asked for
};

// `now` is for a Retry-After that names a date.
OtlpVerdict judge_otlp_answer(const HttpAnswer& answer, WallTime now);

}  // namespace woad
