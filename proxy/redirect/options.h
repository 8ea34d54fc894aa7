// What `woad redirect` was asked for: words of the command line become values here.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/redirect/network.h"

namespace woad::redirect {

enum class Backend { kAuto, kNft, kIptables };

// As written; lists are separated by commas. The defaults are those of the contract
// (config/reference.md, "Command line").
struct Words {
  std::string inbound = "15006";
  std::string outbound = "15001";
  std::string user = "1337";
  std::string exclude_inbound_ports = {};
  std::string exclude_outbound_ports = {};
  std::string exclude_cidrs = {};
  std::string backend = "auto";
  bool dry_run = false;
  bool remove = false;
};

struct Options {
  uint16_t inbound = 0;
  uint16_t outbound = 0;
  uid_t user = 0;                          // whose connections are the sidecar's
  std::vector<uint16_t> exclude_inbound;   // in order, each once
  std::vector<uint16_t> exclude_outbound;  // the same
  std::vector<Network> exclude_networks;   // in order, none within another
  Backend backend = Backend::kAuto;
  bool dry_run = false;
  bool remove = false;
};

// Ports that are never redirected on inbound: the admin address, metrics and probes of the sidecar,
// as inject and the chart set them.
inline constexpr uint16_t kOwnPorts[] = {15000, 15020, 15021};

// An error names the option and the word that is wrong.
Result<Options> read_options(const Words& words);

}  // namespace woad::redirect
