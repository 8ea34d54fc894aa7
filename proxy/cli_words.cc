#include "proxy/cli_words.h"

#include "config/diagnostics.h"
#include "config/values.h"

namespace woad {

Result<std::string> parse_address(const std::string& option, const std::string& text) {
  auto address = config::parse_host_port(text);
  if (!address) return Error{option + " " + address.error().message};
  if (address->host == "localhost") return "127.0.0.1:" + std::to_string(address->port);
  if (!address->numeric) {
    return Error{option + " " + config::in_quotes(text) + " must be an IP address"};
  }
  return address->to_string();
}

}  // namespace woad
