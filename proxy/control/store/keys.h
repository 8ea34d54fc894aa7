// What the keys of a store say by their form (store.h lists them).
#pragma once

#include <string_view>

namespace woad::control {

inline constexpr std::string_view kMesh = "mesh.yaml";
// Services' documents stand between these two.
inline constexpr std::string_view kServices = "services/";
inline constexpr std::string_view kYaml = ".yaml";
inline constexpr std::string_view kDiscovered = "discovered/";
inline constexpr std::string_view kInstances = "instances/";
inline constexpr std::string_view kStatus = "status/";
inline constexpr std::string_view kRollouts = "rollouts/";

// Written by control planes; the others are documents and what was discovered, which they read.
inline bool is_record(std::string_view key) {
  return key.starts_with(kInstances) || key.starts_with(kStatus) || key.starts_with(kRollouts);
}

}  // namespace woad::control
