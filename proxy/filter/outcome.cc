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
