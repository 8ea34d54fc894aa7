// What level debug of the process log says of one request, as it happens: a line a decision, each
// with `request`, by which they are found again.
//
//   a request came → its route is chosen → a try begins → a try ended … → the request ended
// Nothing of it is put together unless debug was on when the request began. One thread.
#pragma once

#include "proxy/exchange/worker_context.h"
#include "proxy/filter/outcome.h"
#include "proxy/http/exchange_info.h"

namespace woad {

// Whether somebody wants lines of level debug from this worker.
inline bool debugs(const WorkerContext& worker) {
  return worker.log != nullptr && worker.log->debugs();
}

// Names the request: the client's address, and which one on its connection. Begins its story.
void tell_request(const WorkerContext& worker, ExchangeInfo& info, const Address& client,
                  uint32_t number, Arena& arena);

// Whether the story of this request is told.
inline bool is_told(const ExchangeInfo& info) { return !info.told_as.empty(); }

void tell_route(const WorkerContext& worker, const ExchangeInfo& info);
// `fresh`: a replay, on a new connection.
void tell_try(const WorkerContext& worker, const ExchangeInfo& info, bool fresh);
void tell_outcome(const WorkerContext& worker, const ExchangeInfo& info, const Outcome& outcome);
// `of_request`: its own room for it is full; else that of the process.
void tell_not_kept(const WorkerContext& worker, const ExchangeInfo& info, bool of_request);
// `filter`: the one that answered; "" if none did.
void tell_end(const WorkerContext& worker, const ExchangeInfo& info, std::string_view filter);

// Beside debug: what those who tap see of it, when it has ended; `info` is complete.
void tell_taps(TapHub& taps, const ExchangeInfo& info, Arena& arena);

}  // namespace woad
