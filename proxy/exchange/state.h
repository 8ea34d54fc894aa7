// The states of an exchange, and the only ways between them.
//
//   head ──▶ head_waits ──▶ forwarding ──▶ response_waits ──▶ responding ──▶ ended
//     │          │            │   │              │                │
//     │          └─▶ ended    │   └─▶ responding │                ├─▶ tunnel ──▶ ended
//     ├─▶ forwarding          └─▶ ended          └─▶ ended        │
//     ├─▶ tunnel (CONNECT)
//     └─▶ ended
#pragma once

#include <cstdint>

#include "proxy/base/result.h"

namespace woad {

enum class ExchangeState : uint8_t {
  kHead,           // the request head is on its way through the filters
  kHeadWaits,      // a filter holds the request head
  kForwarding,     // attempts run; nothing has been sent to the client
  kResponseWaits,  // a filter holds the response head
  kResponding,     // the response head has been sent
  kTunnel,         // bytes pass by the chain
  kEnded,
};

inline bool may_follow(ExchangeState from, ExchangeState to) {
  using S = ExchangeState;
  switch (to) {
    case S::kHead: return false;
    case S::kHeadWaits: return from == S::kHead || from == S::kHeadWaits;
    case S::kForwarding: return from == S::kHead || from == S::kHeadWaits;
    case S::kResponseWaits: return from == S::kForwarding || from == S::kResponseWaits;
    case S::kResponding: return from == S::kForwarding || from == S::kResponseWaits;
    case S::kTunnel: return from == S::kHead || from == S::kResponding;
    case S::kEnded: return from != S::kEnded;
  }
  return false;
}

// For every enum with a may_follow().
template <class State>
void move_to(State& state, State next) {
  WOAD_ASSERT(may_follow(state, next));
  state = next;
}

}  // namespace woad
