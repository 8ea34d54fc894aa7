#include "proxy/http/browser.h"

#include <string>

#include "proxy/base/strings.h"
#include "proxy/http/authority.h"
#include "proxy/net/address.h"

namespace woad {

bool is_loopback_host(std::string_view authority) {
  const std::string_view host = without_final_dot(split_authority(authority).host);
  if (host == "[::1]" || equals_ignore_case(host, "localhost")) return true;
  const auto address = Address::from_host(host, 1);
  return address && address->is_loopback();
}

bool from_foreign_page(const RequestHead& request) {
  const Header* site = request.headers.find("sec-fetch-site");
  if (site != nullptr && site->value != "same-origin" && site->value != "none") return true;
  const Header* origin = request.headers.find("origin");
  return origin != nullptr && origin->value != "http://" + std::string(request.authority);
}

}  // namespace woad
