#include "proxy/filter/outcome.h"

#include <iterator>

namespace woad {
namespace {

constexpr OutcomeInfo kOutcomes[] = {
    {"answered", ErrorCode::kNone, ClosedBy::kNobody, Resend::kIfIdempotent},
    {"connect_failed", ErrorCode::kConnectFailed, ClosedBy::kWoad, Resend::kAlways},
    {"connect_failed", ErrorCode::kConnectFailed, ClosedBy::kWoad, Resend::kAlways},
    {"refused", ErrorCode::kUpstreamReset, ClosedBy::kUpstream, Resend::kAlways},
    {"reset", ErrorCode::kUpstreamReset, ClosedBy::kUpstream, Resend::kIfIdempotent},
    {"bad_response", ErrorCode::kBadUpstreamResponse, ClosedBy::kUpstream, Resend::kIfIdempotent},
    {"per_try_timeout", ErrorCode::kTimeout, ClosedBy::kWoad, Resend::kIfIdempotent},
    {"cancelled", ErrorCode::kNone, ClosedBy::kNobody, Resend::kNever},
    {"not_made", ErrorCode::kNoEndpoint, ClosedBy::kWoad, Resend::kNever},
};
static_assert(std::size(kOutcomes) == static_cast<size_t>(Outcome::Kind::kNotMade) + 1);

}  // namespace

const OutcomeInfo& outcome_info(Outcome::Kind kind) { return kOutcomes[static_cast<size_t>(kind)]; }

Breaker::Result judge(const Outcome& outcome) {
  using enum Outcome::Kind;
  using enum Breaker::Result;
  switch (outcome.kind) {
    case kAccepted: {
      const int status = outcome.status();
      return status == 502 || status == 503 || status == 504 ? kFailed : kGood;
    }
    case kConnectFailed:
    case kRefused:
    case kReset:
    case kBadResponse:
    case kPerTryTimeout: return kFailed;
    case kCancelled: return outcome.error == ErrorCode::kTimeout ? kFailed : kUnknown;
    case kNoMeans:
    case kNotMade: return kUnknown;
  }
  return kUnknown;
}

Outcome::Kind outcome_of(ResetReason reason) {
  switch (reason) {
    case ResetReason::kNotConnected: return Outcome::Kind::kConnectFailed;
    case ResetReason::kProtocolError: return Outcome::Kind::kBadResponse;
    case ResetReason::kRefused: return Outcome::Kind::kRefused;
    case ResetReason::kCancel:
    case ResetReason::kConnectionLost:
    case ResetReason::kTunnelLost:
    case ResetReason::kInternal:
    case ResetReason::kTimeout: return Outcome::Kind::kReset;
  }
  return Outcome::Kind::kReset;
}

}  // namespace woad
