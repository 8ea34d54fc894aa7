#include "proxy/redirect/iptables_text.h"

#include <algorithm>

namespace woad::redirect {
namespace {

constexpr const char* kChains[] = {"WOAD_IN", "WOAD_OUT"};
// What the multiport match takes (iptables-extensions(8)).
constexpr size_t kPortsOfARule = 15;

std::string declaration(const char* chain) { return ":" + std::string(chain) + " - [0:0]"; }

std::string jump(const char* from, const char* chain) {
  return std::string("-A ") + from + " -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j " + chain;
}

// A network of all addresses is no condition.
std::string side(const char* option, const std::optional<Network>& network) {
  if (!network || network->is_everything()) return "";
  return std::string(option) + network->to_string();
}

std::string addrtype(Destination destination) {
  switch (destination) {
    case Destination::kAny: return "";
    case Destination::kOwn: return " -m addrtype --dst-type LOCAL";
    case Destination::kForeign: return " -m addrtype ! --dst-type LOCAL";
  }
  return "";
}

std::string multiport(const std::vector<uint16_t>& ports, size_t from) {
  std::string list;
  for (size_t i = from; i < ports.size() && i < from + kPortsOfARule; ++i) {
    list += (list.empty() ? "" : ",") + std::to_string(ports[i]);
  }
  return list.empty() ? "" : " -m multiport --dports " + list;
}

void add_rule(std::vector<std::string>& lines, const char* chain, const Rule& rule) {
  std::string head = "-A " + std::string(chain) + side(" -s ", rule.from) + side(" -d ", rule.to);
  if (rule.through_lo) head += " -i lo";
  if (rule.redirect_to || !rule.ports.empty()) head += " -p tcp";
  if (rule.user) head += " -m owner --uid-owner " + std::to_string(*rule.user);
  head += addrtype(rule.destination);
  const std::string verdict = rule.redirect_to
                                  ? " -j REDIRECT --to-ports " + std::to_string(*rule.redirect_to)
                                  : " -j RETURN";
  for (size_t from = 0; from == 0 || from < rule.ports.size(); from += kPortsOfARule) {
    lines.push_back(head + multiport(rule.ports, from) + verdict);
  }
}

void add_chain(std::vector<std::string>& lines, const char* chain, const std::vector<Rule>& rules,
               Family family) {
  for (const Rule& rule : rules) {
    if (rule.is_of(family)) add_rule(lines, chain, rule);
  }
}

bool names_our_chain(std::string_view line) {
  return std::ranges::any_of(kChains, [&](const std::string& chain) {
    return line.starts_with(":" + chain + " ") || line.starts_with("-A " + chain + " ") ||
           line.ends_with(" -j " + chain);
  });
}

}  // namespace

std::vector<std::string> iptables_lines(const Rules& rules, Family family) {
  std::vector<std::string> lines;
  for (const char* chain : kChains) lines.push_back(declaration(chain));
  lines.push_back(jump("PREROUTING", "WOAD_IN"));
  lines.push_back(jump("OUTPUT", "WOAD_OUT"));
  add_chain(lines, "WOAD_IN", rules.in, family);
  add_chain(lines, "WOAD_OUT", rules.out, family);
  return lines;
}

std::vector<std::string> our_iptables_lines(std::string_view saved) {
  std::vector<std::string> lines;
  while (!saved.empty()) {
    const size_t end = std::min(saved.find('\n'), saved.size());
    const std::string_view line = saved.substr(0, end);
    saved.remove_prefix(std::min(end + 1, saved.size()));
    if (!names_our_chain(line)) continue;
    // ":CHAIN - [packets:bytes]"
    lines.push_back(line.starts_with(':') ? std::string(line.substr(0, line.find('['))) + "[0:0]"
                                          : std::string(line));
  }
  return lines;
}

std::string iptables_transaction(const std::vector<std::string>& standing,
                                 const std::vector<std::string>& wanted) {
  std::string text = "*nat\n";
  // A chain that is declared is made, or emptied.
  for (const char* chain : kChains) text += declaration(chain) + "\n";
  for (const std::string& line : standing) {
    if (line.ends_with(" -j WOAD_IN") || line.ends_with(" -j WOAD_OUT")) {
      text += "-D" + line.substr(2) + "\n";
    }
  }
  for (const std::string& line : wanted) {
    if (!line.starts_with(':')) text += line + "\n";
  }
  if (wanted.empty()) {
    for (const char* chain : kChains) text += std::string("-X ") + chain + "\n";
  }
  return text + "COMMIT\n";
}

}  // namespace woad::redirect
