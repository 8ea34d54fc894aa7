// GET /tap: requests as they end, one JSON line each, for as long as somebody looks.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/observe/tap_hub.h"
#include "proxy/web/handler.h"

namespace woad {

struct TapQuestion {
  TapFilter filter;
  uint64_t limit = 0;  // lines; 0: no end
};

// The raw query of /tap. A parameter without a value is one that was left out. The error lists what
// there is.
Result<TapQuestion> read_tap_question(std::string_view query);

// A streamed answer; or 400, or 503 when too many tap already. `taps` outlives it. Control loop.
WebResponse open_tap(TapHub& taps, std::string_view query);

}  // namespace woad
