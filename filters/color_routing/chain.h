// Which pool a request of some colour gets. Pure; any thread.
#pragma once

#include <string_view>

#include "proxy/http/exchange_info.h"
#include "proxy/upstream/pools.h"

namespace woad {

// The pool, or why there is none.
struct PoolChoice {
  // With an error: the pool that had nobody to answer, or nullptr when none was there.
  const PoolInfo* pool = nullptr;
  PoolReason reason = PoolReason::kUndyed;
  ErrorCode error = ErrorCode::kNone;
};

// For red.alice of tenant acme looks at (red.alice, acme), (red.alice, any), (red, acme), (red,
// any), (base, acme), (base, any), as far as the service's fallback lets it climb. An undyed
// request (color "") only ever gets base pools.
PoolChoice choose_pool(const ServiceInfo& service, std::string_view color, std::string_view tenant);

}  // namespace woad
