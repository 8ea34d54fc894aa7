// Who may do what. Patterns are those of the documents; who comes over plaintext loopback is
// everybody. One thread, the loop's.
#pragma once

#include <string>
#include <string_view>

#include "proxy/control/plane/plane.h"
#include "proxy/web/handler.h"

namespace woad::control {

// Files and registrations of a service.
bool owns(const Plane& plane, const WebCaller& caller, std::string_view service);
bool reads(const Plane& plane, const WebCaller& caller);
bool operates(const Plane& plane, const WebCaller& caller);

// For people: whose order it was.
std::string words_of(const WebCaller& caller);

}  // namespace woad::control
