#include "proxy/exchange/label_ids.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace woad {
namespace {

TEST_CASE("labels: the ids of intern(), for more labels than there are places") {
  WorkerMetrics metrics;
  LabelIds labels;
  std::vector<std::unique_ptr<std::string>> texts;
  for (int i = 0; i < 300; ++i) texts.push_back(std::make_unique<std::string>(std::to_string(i)));
  for (int round = 0; round < 3; ++round) {
    for (const auto& text : texts) {
      REQUIRE(labels.of(metrics, *text) == metrics.intern(*text));
    }
  }
}

TEST_CASE("labels: it is the text that counts, and all of it") {
  WorkerMetrics metrics;
  LabelIds labels;
  const std::string blue = "blue";
  const std::string copy = blue;
  CHECK(labels.of(metrics, blue) == labels.of(metrics, copy));
  const std::string_view begin = std::string_view(blue).substr(0, 2);
  CHECK(labels.of(metrics, begin) == metrics.intern("bl"));
  CHECK(labels.of(metrics, blue) == metrics.intern("blue"));
  CHECK(labels.of(metrics, {}) == metrics.intern(""));
  CHECK(labels.of(metrics, begin.substr(0, 0)) == metrics.intern(""));
}

}  // namespace
}  // namespace woad
