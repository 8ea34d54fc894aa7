// A hash that every process and build computes alike: what several sidecars must agree on.
#pragma once

#include <cstdint>
#include <string_view>

namespace woad {

uint64_t stable_hash(std::string_view text, uint64_t seed = 0);

}  // namespace woad
