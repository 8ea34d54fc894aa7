// Random numbers for balancing, sampling and ids; not for keys. One generator a worker, seeded by
// its owner, so tests can repeat a run. xoshiro256** by Blackman and Vigna (public domain design).
#pragma once

#include <bit>
#include <cstdint>

#include "proxy/base/stable_hash.h"

namespace woad {

// Another one each time, from the system. Any thread.
uint64_t random_seed();

class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) {  // splitmix64 spreads any seed, zero too
      seed += 0x9e3779b97f4a7c15;
      word = mixed(seed);
    }
  }

  uint64_t next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Even over [0, bound); bound > 0.
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }
  // Even over [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  __extension__ typedef unsigned __int128 Wide;
  uint64_t state_[4];
};

}  // namespace woad
