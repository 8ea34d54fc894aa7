// What is redirected and what never: pure data, which nft_text and iptables_text write down. A rule
// is asked about the first packet of a TCP connection (SYN) alone, so connections that stood before
// the rules go on as they were; the first rule that fits counts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxy/redirect/network.h"
#include "proxy/redirect/options.h"

namespace woad::redirect {

// Where a connection goes, when a rule asks.
enum class Destination {
  kAny,
  kOwn,      // an address of this network namespace
  kForeign,  // none of them: what is forwarded
};

// All that is set must hold.
struct Rule {
  std::string why = {};              // a comment in the rules themselves; ASCII, no quotes
  std::optional<uid_t> user = {};    // who sends; outbound alone
  bool through_lo = false;           // came in by the loopback interface; inbound alone
  std::optional<Network> from = {};  // makes it a rule of one family
  std::optional<Network> to = {};    // the same
  Destination destination = Destination::kAny;
  std::vector<uint16_t> ports = {};          // of the destination; none: any
  std::optional<uint16_t> redirect_to = {};  // none: left alone

  bool is_of(Family family) const {
    return (!from || from->family() == family) && (!to || to->family() == family);
  }
};

struct Rules {
  std::vector<Rule> in;   // connections that reach this namespace
  std::vector<Rule> out;  // connections that its processes open
};

Rules make_rules(const Options& options);

}  // namespace woad::redirect
