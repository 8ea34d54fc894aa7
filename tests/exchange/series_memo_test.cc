#include "proxy/exchange/series_memo.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace woad {
namespace {

struct Bench {
  SeriesMemo<std::string> memo;
  int made = 0;

  const std::string& of(const SeriesKey& key) {
    return memo.of(key, [&] {
      ++made;
      return std::string(key.first) + "|" + std::string(key.second) + "|" + std::string(key.third) +
             "|" + std::to_string(key.words);
    });
  }
};

TEST_CASE("series memo: the right one for more combinations than there are places") {
  Bench bench;
  std::vector<std::unique_ptr<std::string>> texts;
  for (int i = 0; i < 300; ++i) texts.push_back(std::make_unique<std::string>(std::to_string(i)));
  for (int round = 0; round < 3; ++round) {
    for (const auto& text : texts) REQUIRE(bench.of({*text, "", "", 7}) == *text + "|||7");
  }
}

TEST_CASE("series memo: each part of a combination counts, and it is made once") {
  Bench bench;
  const std::string a = "a";
  const std::string ab = "ab";
  const SeriesKey keys[] = {{},
                            {a, {}, {}, 0},
                            {{}, a, {}, 0},
                            {{}, {}, a, 0},
                            {a, a, {}},
                            {a, {}, {}, 1},
                            {a, {}, {}, uint64_t{1} << 62},
                            {ab, {}, {}, 0},
                            {std::string_view(ab).substr(0, 1), {}, {}, 0}};
  for (const SeriesKey& key : keys) {
    const std::string first = bench.of(key);
    const int made = bench.made;
    CHECK(bench.of(key) == first);
    CHECK(bench.made == made);
    CHECK(first == std::string(key.first) + "|" + std::string(key.second) + "|" +
                       std::string(key.third) + "|" + std::to_string(key.words));
  }
}

}  // namespace
}  // namespace woad
