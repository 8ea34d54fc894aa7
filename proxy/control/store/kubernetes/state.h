// Where a cluster keeps what a control plane writes: ConfigMaps in the namespace of the mesh,
// labelled woad.dev/state.
//
//   status/<service>/<instance>   woad-status-<0 to f>.<service>   a key of its data for each
//   rollouts/<service>            woad-rollout.<service>           the key `rollout`
//
// An object holds at most 1 MiB (Kubernetes: "ConfigMaps"), and is written as a whole: the
// instances of a service are spread over 16, so that 10,000 have 1.6 KiB each; the first
// hexadecimal digit of the SHA-256 of its name says which is an instance's.
//
// What a name or key of a ConfigMap may not hold is written otherwise; annotation
// woad.dev/service has the service's name as it is. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/control/store/kubernetes/objects.h"

namespace woad::control::kubernetes {

// A key of the store in its ConfigMap.
struct StatePlace {
  std::string kind;  // status, rollout
  std::string service;
  std::string data_key;
  std::string shard{};  // a digit; "": all is in one
  bool operator==(const StatePlace&) const = default;
};

// Nothing: a key that is not kept.
std::optional<StatePlace> state_place(std::string_view key);
// Of its ConfigMap.
std::string state_name(const StatePlace& place);
// The ConfigMap with that name, without its data.
Json state_object(const StatePlace& place, std::string_view space);

// By key of the store: what a ConfigMap labelled woad.dev/state holds, but statuses that belong to
// another one. A roll-out's key is always
// there, so that it can be mended by compare-and-swap.
using StateValues = std::map<std::string, std::string>;
StateValues read_state(const Json& object);

}  // namespace woad::control::kubernetes
