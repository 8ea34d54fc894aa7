#include "proxy/cli_words.h"

#include "config/diagnostics.h"
#include "config/values.h"

namespace woad {

Result<Address> parse_address(const std::string& option, const std::string& text) {
  const auto at = config::parse_host_port(text);
  if (!at) return Error{option + " " + at.error().message};
  auto address = Address::from_host(at->host == "localhost" ? "127.0.0.1" : at->host, at->port);
  if (!address) return Error{option + " " + config::in_quotes(text) + " must be an IP address"};
  return address;
}

}  // namespace woad
