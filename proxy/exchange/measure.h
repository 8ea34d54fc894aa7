// What an exchange leaves in the metrics.
#pragma once

#include "proxy/exchange/snapshot.h"
#include "proxy/http/exchange_info.h"
#include "proxy/observe/metrics.h"

namespace woad {

// Once for each exchange, at its end. A colour that the file does not know counts as "other".
void count_exchange(WorkerMetrics& metrics, const Snapshot& snapshot, const ExchangeInfo& info);

// Once for each try.
void count_attempt(WorkerMetrics& metrics, const Snapshot& snapshot, const ExchangeInfo& info,
                   std::string_view result);

}  // namespace woad
