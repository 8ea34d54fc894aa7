// What a test asks of its duels.
#pragma once

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/http/h2/duel.h"

namespace woad::h2test {

// No difference but refusals for a reason of `stricter`; and some messages were good, some bad.
inline void check(const Tally& tally, const std::set<std::string>& stricter) {
  CHECK(tally.differences == "");
  for (const std::string& why : tally.stricter) {
    INFO(why);
    CHECK(stricter.contains(why));
  }
  CHECK(tally.refused > tally.messages / 10);
  CHECK(tally.refused < tally.messages);
}

}  // namespace woad::h2test
