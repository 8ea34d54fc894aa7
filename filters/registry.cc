#include "filters/registry.h"

#include "filters/access_log/filter.h"
#include "filters/authorization/filter.h"
#include "filters/circuit_breaker/filter.h"
#include "filters/color_routing/filter.h"
#include "filters/context/filter.h"
#include "filters/fault/filter.h"
#include "filters/headers/filter.h"
#include "filters/peer_identity/filter.h"
#include "filters/rate_limit/filter.h"
#include "filters/retry/filter.h"
#include "filters/timeout/filter.h"
#include "filters/trace/filter.h"

namespace woad {

const std::vector<FilterKind>& filter_registry() {
  using enum FilterPlace;
  static const std::vector<FilterKind> kinds{
      filter_kind<AccessLogFilter>("access_log", kBoth),
      // What the client claims to be goes before anything reads it.
      filter_kind<PeerIdentityFilter>("peer_identity", kInbound),
      // Who may not come in leaves no trace in what follows.
      filter_kind<AuthorizationFilter>("authorization", kInbound),
      // Colour and ids: all below go by them.
      filter_kind<ContextFilter>("context", kBoth),
      // Behind context, which may have found the trace; before fault, so that a delay has its span.
      filter_kind<TraceFilter>("trace", kBoth),
      // Trouble goes by the colour, and happens on the caller's side alone.
      filter_kind<FaultFilter>("fault", kBoth, kOutbound),
      // Edits are the user's to place.
      filter_kind<HeadersFilter>("headers", kBoth, kNone),
      filter_kind<ColorRoutingFilter>("color_routing", kOutbound),
      // A request that is over the rate starts no timer.
      filter_kind<RateLimitFilter>("rate_limit", kBoth),
      filter_kind<TimeoutFilter>("timeout", kBoth),
      // Inside the limit of the whole request, outside the breaker: a breaker hears of each try.
      filter_kind<RetryFilter>("retry", kOutbound),
      filter_kind<CircuitBreakerFilter>("circuit_breaker", kOutbound),
  };
  return kinds;
}

}  // namespace woad
