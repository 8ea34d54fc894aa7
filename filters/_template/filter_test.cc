#include "filters/_template/filter.h"

#include <doctest/doctest.h>

#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

TEST_CASE("template: what passes") {
  struct Case {
    bool enabled;
    std::string_view path;
    HeadVerdict::Kind expected;
  };
  const Case cases[] = {
      {true, "/", HeadVerdict::Kind::kGo},
      {true, "", HeadVerdict::Kind::kReply},
      {false, "", HeadVerdict::Kind::kGo},
  };
  for (const Case& each : cases) {
    CAPTURE(each.path);
    test::FilterBench<TemplateFilter> bench({.enabled = each.enabled});
    bench.request.path = each.path;
    CHECK(bench.filter().on_request_head(bench.request, true).kind() == each.expected);
  }
}

TEST_CASE("template: settings") {
  CHECK_FALSE(test::decode<TemplateFilter>("enabled: false").settings.enabled);
  CHECK(test::decode<TemplateFilter>("enabeld: no").errors.find("enabled") != std::string::npos);
}

}  // namespace
}  // namespace woad
