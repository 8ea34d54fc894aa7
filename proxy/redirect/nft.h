// nftables: the rules are brought into this network namespace, or taken out of it.
#pragma once

#include <memory>
#include <string>

#include "proxy/base/result.h"

namespace woad::redirect {

// What became of the rules.
enum class Outcome { kUnchanged, kChanged };

// A way to run nft commands.
class Nft {
 public:
  virtual ~Nft() = default;
  // What they print, protocols as numbers. Commands of one text are one transaction; an error is
  // what nft says.
  virtual Result<std::string> run(const std::string& commands) = 0;
};

// The library (libnftables.so.1, loaded here and nowhere else), else the `nft` program. An error
// when there is neither, or the kernel has no nftables.
Result<std::unique_ptr<Nft>> open_nft();

// Makes `table`, written as nft lists it, the table that stands.
Result<Outcome> nft_install(Nft& nft, const std::string& table);
Result<Outcome> nft_remove(Nft& nft);

}  // namespace woad::redirect
