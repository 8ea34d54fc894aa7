// What the keys of a store say by their form.
#pragma once

#include <string_view>

namespace woad::control {

inline constexpr std::string_view kInstances = "instances/";

// Written by control planes; the others are documents and what was discovered, which they read.
inline bool is_record(std::string_view key) {
  return key.starts_with(kInstances) || key.starts_with("status/") || key.starts_with("rollouts/");
}

}  // namespace woad::control
