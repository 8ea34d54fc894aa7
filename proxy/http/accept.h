// What a client would like as an answer (RFC 9110 section 12.5.1). Pure; any thread.
#pragma once

#include <string_view>

#include "proxy/http/headers.h"

namespace woad {

// Whether an Accept field names this media type itself.
bool accepts(const Headers& headers, std::string_view type);

}  // namespace woad
