// The rows of the matrix.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "tests/matrix/mesh.h"

namespace woad::test {

struct Scenario {
  std::string_view name;
  std::function<void(const Column&)> run;
};

std::vector<Scenario> message_scenarios();
std::vector<Scenario> body_scenarios();
std::vector<Scenario> failure_scenarios();
std::vector<Scenario> connection_scenarios();

}  // namespace woad::test
