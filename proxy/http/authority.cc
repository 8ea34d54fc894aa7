#include "proxy/http/authority.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/http/byte_class.h"

namespace woad {
namespace {

constexpr size_t kLongestHost = 255;

bool is_ipv6(std::string_view text) {
  return text.size() >= 2 && text.find(':') != std::string_view::npos &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; });
}

bool is_name(std::string_view text) {
  if (text.size() > kLongestHost || !all_in(text, kInHost)) return false;
  char before = '.';
  for (const char c : text) {
    if (c == '.' && before == '.') return false;
    before = c;
  }
  return !text.empty();
}

bool is_port(std::string_view text) {
  if (text.empty()) return true;
  const auto port = parse_decimal(text);
  return text.size() <= 5 && port && *port <= 65535;
}

}  // namespace

Authority split_authority(std::string_view text) {
  const size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return {};
  const size_t colon = text.find(':', bracket);
  if (colon == std::string_view::npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

uint16_t port_of(std::string_view authority, std::string_view scheme) {
  const std::string_view port = split_authority(authority).port;
  if (port.empty()) return scheme == "https" ? 443 : 80;
  return is_port(port) ? static_cast<uint16_t>(*parse_decimal(port)) : 0;
}

bool is_valid_authority(std::string_view text) {
  const Authority authority = split_authority(text);
  if (!is_port(authority.port)) return false;
  const std::string_view host = authority.host;
  if (!host.starts_with('[')) return is_name(host);
  return host.ends_with(']') && is_ipv6(host.substr(1, host.size() - 2));
}

bool same_authority(std::string_view a, std::string_view b) {
  const Authority one = split_authority(a);
  const Authority other = split_authority(b);
  return one.port == other.port &&
         equals_ignore_case(without_final_dot(one.host), without_final_dot(other.host));
}

}  // namespace woad
