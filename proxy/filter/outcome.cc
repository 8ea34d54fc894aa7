#include "proxy/filter/outcome.h"

#include <iterator>

namespace woad {
namespace {

constexpr OutcomeInfo kOutcomes[] = {
    {"answered", ErrorCode::kNone, ClosedBy::kNobody, false},
    {"connect_failed", ErrorCode::kConnectFailed, ClosedBy::kWoad, true},
    {"connect_failed", ErrorCode::kConnectFailed, ClosedBy::kWoad, true},
    {"refused", ErrorCode::kUpstreamReset, ClosedBy::kUpstream, true},
    {"reset", ErrorCode::kUpstreamReset, ClosedBy::kUpstream, false},
    {"bad_response", ErrorCode::kBadUpstreamResponse, ClosedBy::kUpstream, false},
    {"per_try_timeout", ErrorCode::kTimeout, ClosedBy::kWoad, false},
    {"cancelled", ErrorCode::kNone, ClosedBy::kNobody, false},
    {"not_made", ErrorCode::kNoEndpoint, ClosedBy::kWoad, false},
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
