#include "proxy/control/documents/line_difference.h"

#include <doctest/doctest.h>

using namespace woad::control;

namespace {

std::string lines(int from, int to) {
  std::string all;
  for (int i = from; i < to; ++i) all += std::to_string(i) + "\n";
  return all;
}

TEST_CASE("line difference: as diff -u says it") {
  struct Case {
    std::string before, after, told;
  };
  const Case cases[] = {
      {"", "", ""},
      {"a\nb\n", "a\nb\n", ""},
      {"", "a\n", "@@ -0,0 +1,1 @@\n+a\n"},
      {"a\n", "", "@@ -1,1 +0,0 @@\n-a\n"},
      {"a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
      {"a\nb\n", "b\nc\n", "@@ -1,2 +1,2 @@\n-a\n b\n+c\n"},
      {lines(0, 20), lines(0, 10) + "x\n" + lines(10, 20),
       "@@ -8,6 +8,7 @@\n 7\n 8\n 9\n+x\n 10\n 11\n 12\n"},
      {lines(0, 20), "x\n" + lines(0, 20) + "y\n",
       "@@ -1,3 +1,4 @@\n+x\n 0\n 1\n 2\n@@ -18,3 +19,4 @@\n 17\n 18\n 19\n+y\n"},
      {"a", "b", "@@ -1,1 +1,1 @@\n-a\n+b\n"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.before);
    CAPTURE(each.after);
    CHECK(line_difference(each.before, each.after) == each.told);
  }
}

TEST_CASE("line difference: texts that have nothing in common") {
  const std::string told = line_difference(lines(0, 3000), lines(5000, 8000));
  CHECK(told.starts_with("@@ -1,3000 +1,3000 @@\n-0\n"));
}

}  // namespace
