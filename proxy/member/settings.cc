#include "proxy/member/settings.h"

#include "config/values.h"
#include "proxy/base/strings.h"
#include "proxy/http/browser.h"
#include "proxy/match/spiffe_pattern.h"
#include "proxy/net/address.h"

namespace woad {
namespace {

std::string value_of(const config::Environment& environment, const std::string& name) {
  return std::string(trim(environment.variable(name).value_or("")));
}

Result<std::vector<Url>> parse_urls(const std::string& name, const std::string& list,
                                    bool insecure) {
  std::vector<Url> urls;
  std::string error;
  for_each_list_item(list, [&](std::string_view item) {
    auto url = parse_url(item);
    if (!url) {
      error = url.error().message;
    } else if (url->target != "/") {
      error = "must be without a path, such as https://cp:15010";
    } else if (!url->tls && !insecure && !is_loopback_host(url->authority)) {
      error = "is not encrypted: write https, or --control-plane-insecure if that is really meant";
    } else {
      urls.push_back(std::move(*url));
      return true;
    }
    error = name + ": " + config::in_quotes(item) + " " + error;
    return false;
  });
  if (!error.empty()) return Error{error};
  if (urls.empty()) return Error{name + ": names no URL, such as https://cp:15010"};
  return urls;
}

Result<Advertised> parse_advertised(const std::string& text) {
  if (text.empty()) return Advertised{};
  const auto refused = [&](const std::string& why) {
    return Error{"WOAD_ADVERTISE: " + config::in_quotes(text) + " is " + why};
  };
  // A host alone, IPv6 with or without brackets.
  const bool bare = static_cast<bool>(Address::from_host(text, 1));
  const std::string alone =
      (bare && text.find(':') != std::string::npos ? "[" + text + "]" : text) + ":1";
  const auto both = config::parse_host_port(text);
  const auto address = both ? both : config::parse_host_port(alone);
  if (!address) return refused("neither a host nor host:port, such as 10.0.0.1:15006");
  if (const auto numeric = Address::from_host(address->host, 1); numeric && numeric->is_any()) {
    return refused("every address of a host; say the one that others reach it by");
  }
  return Advertised{address->host, both ? both->port : uint16_t{0}};
}

// The plane's own rule (config/control.md): any other name is one that it never has.
Result<std::string> parse_name(const config::Environment& environment, const std::string& name,
                               const std::string& of_what) {
  std::string text = value_of(environment, name);
  if (text.empty() || is_plain_name(text)) return text;
  return Error{name + ": " + config::in_quotes(text) + " is no name of " + of_what +
               "; write letters, digits, '-', '_' and '.', at most 253"};
}

}  // namespace

Result<std::optional<MemberSettings>> member_settings(const MemberFlags& flags,
                                                      const config::Environment& environment) {
  const bool by_flag = !flags.urls.empty();
  const std::string list = by_flag ? flags.urls : value_of(environment, "WOAD_CONTROL_PLANE");
  if (list.empty()) {
    if (!flags.registers && flags.identity.empty()) return std::optional<MemberSettings>();
    return Error{(flags.registers ? "--register" : "--control-plane-identity") +
                 std::string(" needs --control-plane, or WOAD_CONTROL_PLANE")};
  }
  MemberSettings settings;
  auto urls = parse_urls(by_flag ? "--control-plane" : "WOAD_CONTROL_PLANE", list, flags.insecure);
  if (!urls) return urls.error();
  settings.urls = std::move(*urls);
  const std::string registers = value_of(environment, "WOAD_REGISTER");
  if (!registers.empty() && registers != "true" && registers != "false") {
    return Error{"WOAD_REGISTER: " + config::in_quotes(registers) + " must be true or false"};
  }
  settings.registers = flags.registers || registers == "true";
  auto advertised = parse_advertised(value_of(environment, "WOAD_ADVERTISE"));
  if (!advertised) return advertised.error();
  settings.advertised = std::move(*advertised);
  if (!flags.identity.empty()) {
    const auto pattern = SpiffePattern::parse(flags.identity);
    if (!pattern) return Error{"--control-plane-identity: " + pattern.error().message};
    settings.identity = flags.identity;
  }
  auto service = parse_name(environment, "WOAD_SERVICE", "a service");
  if (!service) return service.error();
  settings.service = std::move(*service);
  auto instance = parse_name(environment, "WOAD_INSTANCE", "an instance");
  if (!instance) return instance.error();
  settings.instance = std::move(*instance);
  if (settings.instance.empty()) settings.instance = environment.host_name;
  return std::optional(std::move(settings));
}

}  // namespace woad
