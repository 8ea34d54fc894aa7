// iptables and ip6tables, by their programs that save and restore: each family is a transaction.
#pragma once

#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/redirect/nft.h"
#include "proxy/redirect/rules.h"

namespace woad::redirect {

// One of the ways to the kernel that bear the name: iptables-legacy, iptables-nft, or whichever of
// them `iptables` is.
struct IptablesVariant {
  std::string name;                   // "iptables", "iptables-nft", "iptables-legacy"
  std::vector<std::string> programs;  // paths: save and restore of IPv4, then those of IPv6
};

// Those that are here, each once: the one that the administrator chose (`iptables`) first.
std::vector<IptablesVariant> iptables_variants();

// IPv6 is left out where the kernel has none. When the second family fails, the first one's rules
// are taken away again.
Result<Outcome> iptables_install(const IptablesVariant& variant, const Rules& rules);
Result<Outcome> iptables_remove(const IptablesVariant& variant);

}  // namespace woad::redirect
