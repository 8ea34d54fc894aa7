// How long to wait before the next try, once a control plane is lost.
#pragma once

#include <optional>

#include "proxy/base/random.h"
#include "proxy/base/time.h"

namespace woad {

class RetryWait {
 public:
  // The first wait is anything up to this, so that the sidecars of a replica that was killed are no
  // herd for the others; the waits behind it double, and a random half of each is left off. Half of
  // 200 sidecars over 5 s would be 20 connects a second on average, and more in the busiest one.
  static constexpr Duration kFirst = seconds(6);
  static constexpr Duration kShortest = milliseconds(500);
  static constexpr Duration kLongest = seconds(30);

  explicit RetryWait(Random& random) : random_(random) {}

  // `asked`: what the server's Retry-After says, of which kLongest is heeded: whatever a server
  // says, a sidecar never is without news for long.
  Duration next(std::optional<Duration> asked);
  // It went well.
  void reset() { failures_ = 0; }

 private:
  Duration up_to(Duration most);

  Random& random_;
  int failures_ = 0;  // in a row
};

}  // namespace woad
