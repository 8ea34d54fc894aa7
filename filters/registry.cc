#include "filters/registry.h"

#include "filters/access_log/filter.h"
#include "filters/authorization/filter.h"
#include "filters/color_routing/filter.h"
#include "filters/context/filter.h"
#include "filters/fault/filter.h"
#include "filters/headers/filter.h"
#include "filters/peer_identity/filter.h"
#include "filters/rate_limit/filter.h"
#include "filters/timeout/filter.h"
#include "filters/trace/filter.h"

namespace woad {

const std::vector<FilterKind>& filter_registry() {
  static const std::vector<FilterKind> kinds{
      filter_kind<AccessLogFilter>("access_log", FilterPlace::kBoth),
      filter_kind<AuthorizationFilter>("authorization", FilterPlace::kInbound),
      filter_kind<ColorRoutingFilter>("color_routing", FilterPlace::kOutbound),
      filter_kind<ContextFilter>("context", FilterPlace::kBoth),
      filter_kind<FaultFilter>("fault", FilterPlace::kBoth),
      filter_kind<HeadersFilter>("headers", FilterPlace::kBoth),
      filter_kind<PeerIdentityFilter>("peer_identity", FilterPlace::kInbound),
      filter_kind<RateLimitFilter>("rate_limit", FilterPlace::kBoth),
      filter_kind<TimeoutFilter>("timeout", FilterPlace::kBoth),
      filter_kind<TraceFilter>("trace", FilterPlace::kBoth),
  };
  return kinds;
}

}  // namespace woad
