// From `match` in the file to a Matcher.
#pragma once

#include "config/diagnostics.h"
#include "config/types.h"
#include "proxy/match/matcher.h"

namespace woad {

// Regular expressions that do not compile and patterns that are none are errors at their place in
// the file; the result is of no use then.
Matcher compile_match(const config::Match& from, config::Diagnostics& diagnostics);

}  // namespace woad
