#include "proxy/member/retry_wait.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

TEST_CASE("retry wait: 0 to 5 s first, then doubled from half a second to half a minute") {
  Random random(1);
  RetryWait wait(random);
  for (int round = 0; round < 50; ++round) {
    CHECK(wait.next(std::nullopt) <= RetryWait::kFirst);
    Duration most = seconds(1);
    for (int i = 0; i < 10; ++i) {
      const Duration next = wait.next(std::nullopt);
      CHECK(next >= most / 2);
      CHECK(next <= most);
      most = std::min<Duration>(most * 2, RetryWait::kLongest);
    }
    wait.reset();
  }
}

TEST_CASE("retry wait: what a server asks for is heeded, within bounds") {
  Random random(1);
  RetryWait wait(random);
  for (int i = 0; i < 20; ++i) {
    const Duration asked = wait.next(seconds(20));
    CHECK(asked >= seconds(20));
    CHECK(asked <= seconds(30));
    const Duration absurd = wait.next(hours(24));
    CHECK(absurd >= RetryWait::kLongest);
    CHECK(absurd <= seconds(33));
    CHECK(wait.next(Duration(0)) <= RetryWait::kLongest);
  }
}

}  // namespace
}  // namespace woad
