// A hash that every process and build computes alike: what several sidecars must agree on.
#pragma once

#include <cstdint>
#include <string_view>

namespace woad {

uint64_t stable_hash(std::string_view text, uint64_t seed = 0);

// Spreads any difference over all bits, as splitmix64 does: a hash of numbers that belong together
// is that of one, mixed, with the next ones put in by `^`.
constexpr uint64_t mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
// Such a hash as a number between 0 and 1, neither of them ever.
constexpr double unit_of(uint64_t hash) {
  return (static_cast<double>(hash >> 11) + 0.5) * 0x1.0p-53;
}

}  // namespace woad
