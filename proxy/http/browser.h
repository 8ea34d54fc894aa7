// Pages of other sites can make a browser ask what listens on loopback: what gives them away. Pure;
// any thread.
#pragma once

#include <string_view>

#include "proxy/http/message.h"

namespace woad {

// 127.0.0.0/8, [::1] or localhost, with any port: a page whose name was made to mean this machine
// (DNS rebinding) says its own name.
bool is_loopback_host(std::string_view authority);

// By Sec-Fetch-Site or Origin: a page of another site sent it.
bool from_foreign_page(const RequestHead& request);

}  // namespace woad
