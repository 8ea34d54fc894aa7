// A client that takes nothing of what we have for it (slow read). One thread.
#pragma once

#include <cstdint>

#include "proxy/base/time.h"
#include "proxy/net/transport.h"

namespace woad {

class StallCount {
 public:
  // How often it is looked at, and how long nothing may be taken.
  static constexpr Duration kEvery = seconds(5);
  static constexpr Duration kLongest = seconds(30);

  // Every kEvery. True: it has taken nothing for kLongest, though there was something.
  bool look(const Transport& client) {
    if (client.backlog() == 0) {  // most are so, and the kernel need not be asked
      looks_ = 0;
      return false;
    }
    const auto taken = client.acknowledged();
    const bool stands = taken.has_value() && *taken == taken_;
    taken_ = taken.value_or(0);
    looks_ = stands ? static_cast<uint8_t>(looks_ + 1) : uint8_t{0};
    return looks_ >= kLongest / kEvery;
  }

 private:
  uint64_t taken_ = 0;  // when something waited for it at the last look
  uint8_t looks_ = 0;   // in a row, without progress
};

}  // namespace woad
