// The states of a forwarder, and the only ways between them.
//
//   idle ──▶ trying ──▶ committed ──▶ over
//     │     ▲ │ ▲ │                    ▲
//     │     │ ▼ │ └────────────────────┤
//     │    held─┼──────────────────────┤
//     │         ▼                      │
//     │   backing_off ─────────────────┤
//     └────────────────────────────────┘
#pragma once

#include <cstdint>

namespace woad {

enum class ForwarderState : uint8_t {
  kIdle,        // not asked yet
  kTrying,      // a try is being shaped, or runs; it will have an outcome
  kHeld,        // a filter holds the try back; it will have an outcome
  kBackingOff,  // between a try and the next
  kCommitted,   // the response of this try is the client's; no other follows
  kOver,        // nothing runs any more
};

inline bool may_follow(ForwarderState from, ForwarderState to) {
  using S = ForwarderState;
  switch (to) {
    case S::kIdle: return false;
    case S::kTrying: return from == S::kIdle || from == S::kHeld || from == S::kBackingOff;
    case S::kHeld:
    case S::kBackingOff:
    case S::kCommitted: return from == S::kTrying;
    case S::kOver: return from != S::kOver;
  }
  return false;
}

}  // namespace woad
