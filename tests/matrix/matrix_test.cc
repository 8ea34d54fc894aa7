// Every scenario in every column: the versions of HTTP on both sides, and what carries them.
#include <doctest/doctest.h>

#include "tests/matrix/mesh.h"
#include "tests/matrix/scenarios.h"

using namespace woad;
using namespace woad::test;

namespace {

const Column kColumns[] = {
    {"h1-h1 plain", Protocol::kHttp11, Protocol::kHttp11},
    {"h1-h2 plain", Protocol::kHttp11, Protocol::kHttp2},
    {"h2-h1 plain", Protocol::kHttp2, Protocol::kHttp11},
    {"h2-h2 plain", Protocol::kHttp2, Protocol::kHttp2},
    {"h1-h1 mtls", Protocol::kHttp11, Protocol::kHttp11, true},
    {"h1-h2 mtls", Protocol::kHttp11, Protocol::kHttp2, true},
    {"h2-h1 mtls", Protocol::kHttp2, Protocol::kHttp11, true},
    {"h2-h2 mtls", Protocol::kHttp2, Protocol::kHttp2, true},
};

void run_all(const std::vector<Scenario>& scenarios) {
  for (const Column& column : kColumns) {
    for (const Scenario& scenario : scenarios) {
      CAPTURE(column.name);
      CAPTURE(scenario.name);
      scenario.run(column);
    }
  }
}

TEST_CASE("matrix: messages") { run_all(message_scenarios()); }
TEST_CASE("matrix: bodies and back-pressure") { run_all(body_scenarios()); }
TEST_CASE("matrix: ends before their time") { run_all(failure_scenarios()); }
TEST_CASE("matrix: connections") { run_all(connection_scenarios()); }

}  // namespace
