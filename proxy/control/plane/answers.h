// Refusals of the API, as config/reference.md says them ("Errors"): x-woad-error and a sentence.
#pragma once

#include <string>

#include "proxy/web/handler.h"

namespace woad::control {

inline WebResponse bad_request(const std::string& why) { return refuse(400, "bad_request", why); }
inline WebResponse not_known(const std::string& why) { return refuse(404, "no_route", why); }
inline WebResponse denied(const std::string& why) { return refuse(403, "denied", why); }
inline WebResponse conflict(const std::string& why) { return refuse(409, "conflict", why); }
inline WebResponse not_now(const std::string& why) { return refuse(503, "overloaded", why); }

}  // namespace woad::control
