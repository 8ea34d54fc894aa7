// What those who tap see of an exchange that has ended.
#pragma once

#include "proxy/exchange/worker_context.h"
#include "proxy/http/exchange_info.h"

namespace woad {

// Whether anybody taps the worker.
inline bool is_tapped(const WorkerContext& worker) {
  return worker.taps != nullptr && worker.taps->tapped();
}

// Only when is_tapped(); `info` is complete.
void tell_taps(const WorkerContext& worker, const ExchangeInfo& info, Arena& arena);

}  // namespace woad
