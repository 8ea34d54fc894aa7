// How often something that others can provoke is logged: kPerSecond lines, the rest counted.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "proxy/base/time.h"

namespace woad {

class LogGate {
 public:
  static constexpr uint32_t kPerSecond = 10;

  // Whether a line may be written now.
  bool admit(MonoTime now) {
    if (now - begun_ >= seconds(1)) {
      begun_ = now;
      told_ = 0;
    }
    if (told_ < kPerSecond) {
      ++told_;
      return true;
    }
    ++untold_;
    return false;
  }
  // How many were not written since the last line that was.
  std::string take_untold() { return std::to_string(std::exchange(untold_, 0)); }

 private:
  MonoTime begun_{};
  uint32_t told_ = 0;
  uint64_t untold_ = 0;
};

}  // namespace woad
