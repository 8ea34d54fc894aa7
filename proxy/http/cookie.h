// Cookies of a request.
#pragma once

#include <string_view>

#include "proxy/http/headers.h"

namespace woad {

// The value of the first cookie of that name (RFC 6265 section 4.2.1); "" when it does not come.
std::string_view cookie_value(const Headers& headers, std::string_view name);

}  // namespace woad
