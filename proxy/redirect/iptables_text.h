// The rules as iptables and ip6tables know them: chains WOAD_IN and WOAD_OUT of the nat table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/redirect/rules.h"

namespace woad::redirect {

// The lines of one family, written as iptables-save shows them once they stand.
std::vector<std::string> iptables_lines(const Rules& rules, Family family);

// Those lines of an output of iptables-save that are ours, counters aside.
std::vector<std::string> our_iptables_lines(std::string_view saved);

// What `iptables-restore --noflush` makes `wanted` out of `standing` with, in one transaction;
// without `wanted` nothing of it stays.
std::string iptables_transaction(const std::vector<std::string>& standing,
                                 const std::vector<std::string>& wanted);

}  // namespace woad::redirect
