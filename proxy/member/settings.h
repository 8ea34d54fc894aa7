// How a sidecar belongs to a control plane: the words of `woad run` and of its environment. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/document.h"
#include "proxy/base/result.h"
#include "proxy/client/url.h"

namespace woad {

// As they were written; "" is not given.
struct MemberFlags {
  std::string urls{};  // "https://cp-a:15010,https://cp-b:15010"
  bool registers = false;
  std::string identity{};  // a SPIFFE pattern
  bool insecure = false;   // plain http to other hosts, too
};

// Where others reach this sidecar, as far as WOAD_ADVERTISE says it.
struct Advertised {
  std::string host;   // without brackets; "": the address by which the plane is reached
  uint16_t port = 0;  // 0: that of inbound

  bool operator==(const Advertised&) const = default;
};

struct MemberSettings {
  std::vector<Url> urls;  // in the order in which they are tried; never empty
  bool registers = false;
  std::string identity;  // "": the default of our own trust domain
  Advertised advertised;
  std::string service;  // what the environment says of us; "" where it says nothing
  std::string instance;
};

// Nothing: there is no control plane. Flags win over variables (WOAD_CONTROL_PLANE, WOAD_REGISTER,
// WOAD_ADVERTISE, WOAD_SERVICE, WOAD_INSTANCE). The error names flag or variable.
Result<std::optional<MemberSettings>> member_settings(const MemberFlags& flags,
                                                      const config::Environment& environment);

}  // namespace woad
