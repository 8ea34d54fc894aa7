#include "proxy/http/message.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

TEST_CASE("methods") {
  const struct {
    const char* name;
    Method method;
    bool idempotent;
  } kCases[] = {
      {"GET", Method::kGet, true},          {"HEAD", Method::kHead, true},
      {"POST", Method::kPost, false},       {"PUT", Method::kPut, true},
      {"DELETE", Method::kDelete, true},    {"OPTIONS", Method::kOptions, true},
      {"PATCH", Method::kPatch, false},     {"TRACE", Method::kTrace, true},
      {"CONNECT", Method::kConnect, false}, {"get", Method::kOther, false},
      {"Put", Method::kOther, false},       {"head", Method::kOther, false},
      {"connect", Method::kOther, false},   {"QUERY", Method::kOther, false},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.name);
    CHECK(method_of(test.name) == test.method);
    CHECK(is_idempotent(test.method) == test.idempotent);
  }
}

TEST_CASE("a method in other letters is another one, and what it is close to is known") {
  const struct {
    const char* name;
    const char* meant;
  } kCases[] = {{"get", "GET"}, {"Patch", "PATCH"}, {"cONNECT", "CONNECT"},
                {"GET", ""},    {"brew", ""},       {"", ""}};
  for (const auto& test : kCases) {
    CAPTURE(test.name);
    CHECK(method_in_capitals(test.name) == test.meant);
  }
}

TEST_CASE("path and query") {
  ArenaPool pool;
  Arena arena(pool);
  RequestHead head(arena);
  head.path = "/a?b?c";
  CHECK(head.path_only() == "/a");
  CHECK(head.query() == "b?c");
  head.path = "/a";
  CHECK(head.path_only() == "/a");
  CHECK(head.query().empty());
}

TEST_CASE("which content types are gRPC") {
  const struct {
    const char* type;
    bool grpc;
  } kCases[] = {{"application/grpc", true},     {"Application/gRPC+proto", true},
                {"application/grpc;a=b", true}, {"application/grpc-web", false},
                {"application/json", false},    {"", false}};
  ArenaPool pool;
  Arena arena(pool);
  for (const auto& test : kCases) {
    CAPTURE(test.type);
    Headers headers(arena);
    headers.add("content-type", test.type);
    CHECK(is_grpc(headers) == test.grpc);
  }
  CHECK(!is_grpc(Headers(arena)));
}
