// Which pool a request of some colour gets at a time. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/exchange_info.h"
#include "proxy/upstream/service.h"

namespace woad {

// The pool, or why there is none.
struct PoolChoice {
  // With an error: the pool that had nobody to answer, or nullptr when none was there.
  const Pool* pool = nullptr;
  PoolReason reason = PoolReason::kUndyed;
  ErrorCode error = ErrorCode::kNone;
};

// One pool that was looked for; nullptr: the service has none of that name.
struct PoolAsked {
  std::string name;
  const Pool* pool;
};

// For red.alice of tenant acme looks at (red.alice, acme), (red.alice, any), (red, acme), (red,
// any), (base, acme), (base, any), as far as the service's fallback lets it climb. An undyed
// request (color "") only ever gets base pools, and a coloured one never those of a stateful
// service. A pool in which nobody may answer now goes by its on_unhealthy. `asked`, if given, gets
// what was looked for.
PoolChoice choose_pool(const Service& service, std::string_view color, std::string_view tenant,
                       MonoTime now, std::vector<PoolAsked>* asked = nullptr);

// Who of `pool` may not answer: "2 failed their health check, 1 is ejected".
std::string why_unhealthy(const Pool& pool, MonoTime now);

// The answer when the choice, made now, is an error.
LocalReply refusal(const PoolChoice& choice, const Service& service, std::string_view color,
                   std::string_view tenant, MonoTime now);

}  // namespace woad
