// What the context table knows of one id, for /context. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/context/system.h"

namespace woad {

// What `id` stands for: a traceparent or b3 value, a trace id, or the value of any header that
// context.correlate.ids names. Nothing when it is unknown.
std::optional<std::string> context_json(const ContextSystem& system, std::string_view id,
                                        MonoTime now);

}  // namespace woad
