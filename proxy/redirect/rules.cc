#include "proxy/redirect/rules.h"

#include <algorithm>
#include <iterator>

namespace woad::redirect {
namespace {

std::vector<uint16_t> never_inbound(const Options& options) {
  std::vector<uint16_t> ports = options.exclude_inbound;
  ports.insert(ports.end(), std::begin(kOwnPorts), std::end(kOwnPorts));
  ports.insert(ports.end(), {options.inbound, options.outbound});
  std::ranges::sort(ports);
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  return ports;
}

std::vector<Network> loopback() { return {*Network::parse("127.0.0.0/8"), *Network::parse("::1")}; }

std::vector<Rule> inbound(const Options& options) {
  return {
      {.why = "forwarded, not for this pod", .destination = Destination::kForeign},
      {.why = "from this pod", .through_lo = true},
      {.why = "own and excluded ports", .ports = never_inbound(options)},
      {.why = "to the inbound listener", .redirect_to = options.inbound},
  };
}

std::vector<Rule> outbound(const Options& options) {
  std::vector<Rule> rules;
  for (const Network& network : loopback()) rules.push_back({.why = "loopback", .to = network});
  for (const Network& network : loopback()) {
    rules.push_back({.why = "the sidecar calls its app", .user = options.user, .from = network});
  }
  rules.push_back({.why = "own and excluded ports",
                   .destination = Destination::kOwn,
                   .ports = never_inbound(options)});
  rules.push_back({.why = "this pod is called: to the inbound listener",
                   .user = options.user,
                   .destination = Destination::kOwn,
                   .redirect_to = options.inbound});
  rules.push_back({.why = "what the sidecar sends", .user = options.user});
  // NAT would take the interface from it, without which it means nobody (RFC 4007 section 6).
  rules.push_back({.why = "link-local of IPv6", .to = *Network::parse("fe80::/10")});
  if (!options.exclude_outbound.empty()) {
    rules.push_back({.why = "excluded ports", .ports = options.exclude_outbound});
  }
  for (const Network& network : options.exclude_networks) {
    rules.push_back({.why = "excluded network", .to = network});
  }
  rules.push_back({.why = "to the outbound listener", .redirect_to = options.outbound});
  return rules;
}

}  // namespace

Rules make_rules(const Options& options) { return {inbound(options), outbound(options)}; }

}  // namespace woad::redirect
