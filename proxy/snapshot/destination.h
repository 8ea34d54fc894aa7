// Services whose endpoint no file names: where redirected connections were headed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/snapshot/service_entry.h"

namespace woad {

// The name of what is at original addresses that nobody claims.
inline constexpr std::string_view kPassthrough = "passthrough";

// All of such a service but the address that was called. A value; any thread.
struct DestinationModel {
  std::string service;  // its name in logs and metrics
  UpstreamProtocol protocol = UpstreamProtocol::kAuto;
  bool external = false;
  std::shared_ptr<const Channel> channel{};
  // At these hosts and the port that was called; empty, and resolved: at the address that was
  // called.
  std::vector<Address> hosts{};
  std::string unresolved{};  // why the host's name has no address, else ""

  bool operator==(const DestinationModel&) const = default;
};

// What is at the original addresses that no service claims; nothing: nobody may go there.
struct DestinationModels {
  std::optional<DestinationModel> anywhere{};
  std::optional<DestinationModel> own_pod{};  // at an address of this host, if it is another

  bool none() const { return !anywhere && !own_pod; }
  // nullptr: nobody may go to `called`. Asks the kernel (is_own).
  const DestinationModel* of(const Address& called) const;
  bool operator==(const DestinationModels&) const = default;
};

// The service at `called`. It is not listed (Service::listed), and has no settings of its own.
std::shared_ptr<const ServiceEntry> make_destination(const DestinationModel& model,
                                                     const Address& called, HealthTable& health);

}  // namespace woad
