#include "proxy/base/stable_hash.h"

#include <doctest/doctest.h>

using namespace woad;

namespace {

// Sidecars of different builds must agree: these numbers never change.
TEST_CASE("stable_hash: the same for ever") {
  CHECK(stable_hash("") == 0x2d06800538d394c2);
  CHECK(stable_hash("10.0.0.1:80") != stable_hash("10.0.0.2:80"));
  CHECK(stable_hash("a", 1) != stable_hash("a"));
}

}  // namespace
