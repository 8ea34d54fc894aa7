#include "filters/headers/filter.h"

#include <doctest/doctest.h>

#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Bench = test::FilterBench<HeadersFilter>;

std::string text_of(const Headers& headers) {
  std::string all;
  for (const Header& field : headers) {
    all += std::string(field.name) + ": " + std::string(field.value) + "\n";
  }
  return all;
}

TEST_CASE("headers: edits") {
  struct Case {
    std::string_view what;
    std::string settings;
    std::string_view expected;  // of X-One: 1, x-two: a, x-two: b
  };
  const Case cases[] = {
      {"nothing", "{}", "X-One: 1\nx-two: a\nx-two: b\n"},
      {"set replaces all", "set: {X-Two: c}", "X-One: 1\nx-two: c\n"},
      {"set adds", "set: {x-new: 'yes'}", "X-One: 1\nx-two: a\nx-two: b\nx-new: yes\n"},
      {"add keeps", "add: {x-one: '2'}", "X-One: 1\nx-two: a\nx-two: b\nx-one: 2\n"},
      {"remove", "remove: [x-TWO, x-none]", "X-One: 1\n"},
      {"remove, set, add", "{remove: [x-one], add: {x-one: n}, set: {x-one: m}}",
       "x-two: a\nx-two: b\nx-one: m\nx-one: n\n"},
      {"empty value", "set: {x-one: ''}", "x-two: a\nx-two: b\nx-one: \n"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    for (const std::string side : {"request", "response"}) {
      std::string yaml = "{" + side + ": {" + each.settings + "}}";
      if (each.settings.front() == '{') yaml = "{" + side + ": " + each.settings + "}";
      auto decoded = test::decode<HeadersFilter>(yaml);
      REQUIRE(decoded.errors == "");
      Bench bench(std::move(decoded.settings));
      for (Headers* headers : {&bench.request.headers, &bench.response.headers}) {
        headers->add("X-One", "1");
        headers->add("x-two", "a");
        headers->add("x-two", "b");
      }
      CHECK(bench.filter().on_request_head(bench.request, true).kind() == HeadVerdict::Kind::kGo);
      CHECK(bench.filter().on_response_head(bench.response, true).kind() == HeadVerdict::Kind::kGo);
      const bool request = side == "request";
      const Headers& changed = request ? bench.request.headers : bench.response.headers;
      const Headers& kept = request ? bench.response.headers : bench.request.headers;
      CHECK(text_of(changed) == each.expected);
      CHECK(text_of(kept) == "X-One: 1\nx-two: a\nx-two: b\n");
    }
  }
}

TEST_CASE("headers: values are not copied") {
  Bench bench(test::decode<HeadersFilter>("request: {add: {x-a: one}}").settings);
  (void)bench.filter().on_request_head(bench.request, true);
  CHECK(bench.request.headers.begin()->value.data() == bench.settings.request.add[0].value.data());
}

TEST_CASE("headers: what is refused") {
  struct Case {
    std::string yaml;
    std::string_view says;
  };
  const Case cases[] = {
      {"request: {set: {host: other}}", "host decides where a request goes"},
      {"request: {set: {Content-Length: '1'}}", "content-length belongs to the sidecar"},
      {"request: {add: {Transfer-Encoding: chunked}}", "transfer-encoding belongs"},
      {"request: {remove: [Connection]}", "connection belongs"},
      {"response: {remove: [trailer]}", "trailer belongs"},
      {"request: {set: {x-woad-color: red}}", "x-woad-color belongs"},
      {"request: {set: {'bad name': x}}", "is not a header name"},
      {"request: {set: {':path': x}}", "is not a header name"},
      {"request: {remove: ['']}", "is not a header name"},
      {"request: {set: {x-a: \"a\\r\\nx-b: c\"}}", "no control characters"},
      {"request: {set: {x-a: \" a\"}}", "no space at its ends"},
      {"request: {set: {x-a: [1]}}", "a header value"},
      {"request: {set: {x-a: '1', X-A: '2'}}", "twice"},
      {"request: {remove: x-a}", "a list of header names"},
      {"requests: {}", "did you mean \"request\""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.yaml);
    const std::string errors = test::decode<HeadersFilter>(each.yaml).errors;
    CAPTURE(errors);
    CHECK(errors.find(each.says) != std::string::npos);
  }
}

TEST_CASE("headers: the cascade replaces a whole list") {
  const auto chain = test::decode<HeadersFilter>(
      "{request: {set: {x-a: '1'}, remove: [x-b]}, response: {add: {x-c: '1'}}}");
  const auto route = test::decode<HeadersFilter>("request: {set: {x-d: '1'}}", chain.settings);
  CHECK(route.errors == "");
  REQUIRE(route.settings.request.set.size() == 1);
  CHECK(route.settings.request.set[0].name.text == "x-d");
  CHECK(route.settings.request.remove == chain.settings.request.remove);
  CHECK(route.settings.response == chain.settings.response);
  CHECK_FALSE(route.settings == chain.settings);
}

}  // namespace
}  // namespace woad
