#include "proxy/redirect/nft_text.h"

namespace woad::redirect {
namespace {

std::string nft_address(const Network& network) {
  return network.is_single() ? network.address() : network.to_string();
}

std::string nft_network(const Network& network, const char* side) {
  const bool v4 = network.family() == Family::kIpv4;
  if (network.is_everything()) return std::string("meta nfproto ") + (v4 ? "ipv4 " : "ipv6 ");
  return std::string(v4 ? "ip " : "ip6 ") + side + " " + nft_address(network) + " ";
}

std::string nft_destination(Destination destination) {
  switch (destination) {
    case Destination::kAny: return "";
    case Destination::kOwn: return "fib daddr type local ";
    case Destination::kForeign: return "fib daddr type != local ";
  }
  return "";
}

std::string nft_ports(const std::vector<uint16_t>& ports) {
  if (ports.empty()) return "";
  std::string list;
  for (const uint16_t port : ports) {
    list += (list.empty() ? "" : ", ") + std::to_string(port);
  }
  return "tcp dport " + (ports.size() == 1 ? list : "{ " + list + " }") + " ";
}

std::string nft_verdict(const Rule& rule) {
  if (!rule.redirect_to) return "return";
  // Asked again although all that jumps here is TCP: nft wants it in the rule that has a port.
  // A number, for nft lists it by name only where /etc/protocols is.
  return std::string(rule.ports.empty() ? "meta l4proto 6 " : "") +
         "redirect to :" + std::to_string(*rule.redirect_to);
}

std::string nft_rule(const Rule& rule) {
  std::string text = "\t\t";
  if (rule.through_lo) text += "iif \"lo\" ";
  if (rule.user) text += "meta skuid " + std::to_string(*rule.user) + " ";
  if (rule.from) text += nft_network(*rule.from, "saddr");
  if (rule.to) text += nft_network(*rule.to, "daddr");
  text += nft_destination(rule.destination) + nft_ports(rule.ports) + nft_verdict(rule);
  return text + " comment \"" + rule.why + "\"\n";
}

std::string nft_chain(const char* name, const std::vector<Rule>& rules) {
  std::string text = std::string("\tchain ") + name + " {\n";
  for (const Rule& rule : rules) text += nft_rule(rule);
  return text + "\t}\n";
}

// Other rules of the same priority are those of iptables' nat table.
std::string nft_hook(const char* hook, const char* priority, const char* chain) {
  return std::string("\tchain ") + hook + " {\n\t\ttype nat hook " + hook + " priority " +
         priority + "; policy accept;\n\t\ttcp flags syn / fin,syn,rst,ack jump " + chain +
         "\n\t}\n";
}

}  // namespace

std::string nft_table(const Rules& rules) {
  return "table inet woad {\n" + nft_chain("WOAD_IN", rules.in) + "\n" +
         nft_chain("WOAD_OUT", rules.out) + "\n" + nft_hook("prerouting", "dstnat", "WOAD_IN") +
         "\n" + nft_hook("output", "-100", "WOAD_OUT") + "}\n";
}

}  // namespace woad::redirect
