// How often something that others can provoke is logged: so many lines a second, the rest counted.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "proxy/base/time.h"

namespace woad {

class LogGate {
 public:
  static constexpr uint32_t kPerSecond = 10;

  explicit LogGate(uint32_t per_second = kPerSecond) : per_second_(per_second) {}

  // Whether a line may be written now.
  bool admit(MonoTime now) {
    if (now - begun_ >= seconds(1)) {
      begun_ = now;
      told_ = 0;
    }
    if (told_ < per_second_) {
      ++told_;
      return true;
    }
    ++untold_;
    return false;
  }
  // A line that was admitted could not be written.
  void lost() { ++untold_; }
  // How many were not written since the last line that was.
  uint64_t untold() const { return untold_; }
  std::string take_untold() { return std::to_string(std::exchange(untold_, 0)); }

 private:
  uint32_t per_second_;
  MonoTime begun_{};
  uint32_t told_ = 0;
  uint64_t untold_ = 0;
};

}  // namespace woad
