// The value of our tracestate member, `woad=c:red;t:acme`: parts `c` (colour) and `t` (tenant),
// divided by `;`. The list around it is another's (proxy/observe/tracestate.h). Any thread.
#pragma once

#include <string_view>

#include "proxy/base/arena.h"
#include "proxy/context/values.h"

namespace woad {

struct StateMember {
  ContextValues values;  // views into the value read or into the arena
  bool bad = false;      // the syntax is wrong (all is absent) or a value is (it is absent)
};

// A part is a lower-case letter or digit or more of them, `:` and a text; unknown parts are for
// later versions and are ignored. A part that comes twice with different values is a bad value; a
// colour `base` is none.
StateMember parse_state_member(std::string_view value, Arena& arena);

// "" when there is nothing to say. Needs no escapes: context values have neither `,` nor `=`.
std::string_view write_state_member(const ContextValues& values, Arena& arena);

}  // namespace woad
