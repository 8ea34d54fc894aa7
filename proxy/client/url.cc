#include "proxy/client/url.h"

#include <algorithm>

#include "config/values.h"
#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr size_t kLongestUrl = 2048;

bool take_scheme(std::string_view& url, std::string_view scheme) {
  if (!starts_with_ignore_case(url, scheme)) return false;
  url.remove_prefix(scheme.size());
  return true;
}

}  // namespace

Result<Url> parse_url(std::string_view url) {
  const Error error{"is not a URL such as https://host:8443/path"};
  const bool printable =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~' && c != '#'; });
  if (!printable || url.size() > kLongestUrl) return error;
  Url parsed;
  parsed.tls = take_scheme(url, "https://");
  if (!parsed.tls && !take_scheme(url, "http://")) return error;
  const size_t slash = std::min(url.find_first_of("/?"), url.size());
  parsed.authority = url.substr(0, slash);
  parsed.target = url.substr(slash);
  if (!parsed.target.starts_with('/')) parsed.target.insert(0, "/");
  const bool has_port =
      parsed.authority.find(':', parsed.authority.rfind(']') + 1) != std::string::npos;
  const std::string_view port = parsed.tls ? ":443" : ":80";
  auto address =
      config::parse_host_port(has_port ? parsed.authority : parsed.authority + std::string(port));
  if (!address) return error;
  parsed.host = std::move(address->host);
  parsed.port = address->port;
  return parsed;
}

}  // namespace woad
