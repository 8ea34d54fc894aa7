// `control:` of mesh.yaml. A value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/base/time.h"

namespace woad::control {

// A step's size: so many instances, or a share of them.
struct RolloutStep {
  uint32_t count = 0;  // 0: `percent` tells
  double percent = 0;  // over 0, at most 100; rounded up
  bool operator==(const RolloutStep&) const = default;
};

struct RolloutPlan {
  std::vector<RolloutStep> steps;  // never empty; the last one is 100 %
  Duration pause = seconds(10);
  Duration timeout = seconds(60);
  bool operator==(const RolloutPlan&) const = default;
};

struct Settings {
  std::vector<std::string> readers;  // SPIFFE patterns
  std::vector<std::string> operators;
  std::string identities;  // with "{service}"; "": nobody but loopback
  Duration lease = seconds(90);
  Duration heartbeat = seconds(30);
  double protect_above = 0.15;         // a share
  std::optional<RolloutPlan> rollout;  // nothing: all at once
};

}  // namespace woad::control
