// What an exchange leaves in the metrics.
#pragma once

#include "proxy/exchange/worker_context.h"
#include "proxy/http/exchange_info.h"

namespace woad {

// Once for each exchange, as it begins.
void count_start(WorkerContext& worker, Direction direction);

// Once for each exchange, at its end; `view` is that of the same worker. A colour that the file
// does not know counts as "other".
void count_exchange(WorkerContext& worker, SnapshotView& view, const ExchangeInfo& info);

// Once for each try. `result` is static.
void count_attempt(WorkerMetrics& metrics, SnapshotView& view, const ExchangeInfo& info,
                   std::string_view result);

// A request without identity where mtls is permissive.
void count_plaintext(WorkerContext& worker, const ListenerSpec& listener, const Address& client);

}  // namespace woad
