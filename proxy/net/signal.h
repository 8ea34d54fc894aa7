// A process signal as an event of a loop.
#pragma once

#include <functional>
#include <memory>

#include "proxy/net/loop.h"

namespace woad {

// While it lives, the signal does not have its default effect. The callback may destroy it.
class Signal {
 public:
  Signal(Loop& loop, int number, std::function<void()> raised);
  ~Signal();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
