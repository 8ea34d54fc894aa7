// An http:// or https:// URL taken apart (RFC 3986, without user information and fragment). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/result.h"

namespace woad {

struct Url {
  bool tls = false;
  std::string host;  // without the brackets of IPv6
  uint16_t port = 80;
  std::string authority;  // as written: the Host to send
  std::string target;     // path and query; never empty

  bool operator==(const Url&) const = default;
};

// "https://cp-a:15010/v1?x=y"; the port is 80 or 443 when left out, the path "/".
Result<Url> parse_url(std::string_view url);

}  // namespace woad
