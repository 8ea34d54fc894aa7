// The rules as nftables knows them: one table, `inet woad`, for both families.
#pragma once

#include <string>

#include "proxy/redirect/rules.h"

namespace woad::redirect {

inline constexpr char kNftList[] = "list table inet woad";
// Good where no such table is, too; one transaction.
inline constexpr char kNftRemove[] = "add table inet woad\ndelete table inet woad\n";

// The table, written as `nft -p list table inet woad` of nftables 1.0 shows it once it stands.
std::string nft_table(const Rules& rules);

}  // namespace woad::redirect
