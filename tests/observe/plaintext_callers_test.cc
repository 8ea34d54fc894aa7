#include "proxy/observe/plaintext_callers.h"

#include <doctest/doctest.h>

using namespace woad;

namespace {

WallTime at(int second) { return WallTime(seconds(second)); }

std::string words(const PlaintextCallers& callers) {
  std::string all;
  for (const auto& each : callers.list()) {
    all += each.address + "=" + std::to_string(each.requests) + "@" +
           std::to_string(each.last.time_since_epoch() / seconds(1)) + " ";
  }
  return all;
}

TEST_CASE("plaintext callers: counted by address, the busiest first") {
  PlaintextCallers callers;
  callers.count("10.0.0.1", at(1));
  callers.count("10.0.0.2", at(2));
  callers.count("10.0.0.2", at(5));
  CHECK(words(callers) == "10.0.0.2=2@5 10.0.0.1=1@1 ");
}

TEST_CASE("plaintext callers: the counts of workers are added") {
  PlaintextCallers one;
  PlaintextCallers two;
  one.count("10.0.0.1", at(9));
  two.count("10.0.0.1", at(4));
  two.count("10.0.0.3", at(4));
  one.merge(two);
  CHECK(words(one) == "10.0.0.1=2@9 10.0.0.3=1@4 ");
}

TEST_CASE("plaintext callers: the one seen longest ago makes room") {
  PlaintextCallers callers;
  for (int i = 0; i < 100; ++i) callers.count("10.0.1." + std::to_string(i), at(i));
  callers.count("10.0.1.0", at(100));
  callers.count("10.0.2.2", at(101));
  const std::string all = words(callers);
  CHECK(callers.list().size() == PlaintextCallers::kMost);
  CHECK(all.find("10.0.2.2=1@101") != std::string::npos);
  CHECK(all.find("10.0.1.0=2@100") != std::string::npos);
  CHECK(all.find("10.0.1.1=") == std::string::npos);
}

}  // namespace
