// The process `woad inject --serve`.
#pragma once

#include "proxy/webhook/webhook.h"

namespace woad {

// Serves until SIGTERM or SIGINT, by which what runs is finished: 0. A second one ends at once: 1,
// as when it cannot begin, which stderr says. Blocks.
int serve_webhook(const WebhookOptions& options);

}  // namespace woad
