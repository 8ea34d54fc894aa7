#include "proxy/context/key.h"

#include <doctest/doctest.h>

#include <vector>

using namespace woad;

TEST_CASE("keys differ by kind, name, value and seed, and by nothing else") {
  const ContextKeys keys(1);
  const ContextKeys other(2);
  const std::vector<ContextKey> all = {
      keys.trace({0, 1}),
      keys.trace({1, 0}),
      keys.trace({1, 1}),
      keys.header("x-request-id", "1"),
      keys.header("x-request-id", "2"),
      keys.header("x-request-i", "d1"),
      keys.header("x-order-id", "1"),
      keys.header("x-request-id", ""),
      // the bytes of a trace id as a header's value
      keys.header("x-request-id", std::string_view("\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 16)),
      other.trace({0, 1}),
      other.header("x-request-id", "1"),
  };
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      CAPTURE(i);
      CAPTURE(j);
      CHECK(all[i].hash != all[j].hash);
    }
  }
  CHECK(keys.trace({3, 4}) == ContextKeys(1).trace({3, 4}));
  CHECK(keys.header("a", "b") == ContextKeys(1).header("a", "b"));
  CHECK(keys.trace({3, 4}).is_trace);
  CHECK_FALSE(keys.header("a", "b").is_trace);
}
