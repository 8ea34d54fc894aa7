#include "proxy/http/validate.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

namespace {

struct Place {
  ArenaPool pool;
  Arena arena{pool};
  RequestHead head{arena};

  Place() {
    head.protocol = Protocol::kHttp2;
    head.method_name = "GET";
    head.authority = "h";
    head.path = "/";
  }
  // The status of the refusal; 0 when there is none.
  int status(const HttpLimits& limits = {}) {
    const auto refusal = validate_request(head, limits);
    if (!refusal.has_value()) return 0;
    CHECK(refusal->reply.close);
    CHECK(!refusal->reply.details.empty());
    return refusal->reply.effective_status();
  }
};

}  // namespace

TEST_CASE("methods") {
  const struct {
    const char* name;
    int status;
  } kCases[] = {
      {"GET", 0},      {"PATCH", 0},     {"QUERY", 0},
      {"M-SEARCH", 0}, {"CONNECT", 405}, {"PRI", 501},
      {"SETUP", 0},    {"get", 0},       {"Get", 0},
      {"connect", 0},  {"pri", 0},       {"!#$%&'*+-.^_`|~", 0},
      {"-", 0},        {"2", 0},         {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF", 0},
      {"G T", 400},    {"", 400},        {"G/T", 400},
      {"G:T", 400},    {"GET\x80", 400}, {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", 501},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.name);
    Place place;
    place.head.method_name = test.name;
    place.head.method = method_of(test.name);
    CHECK(place.status() == test.status);
  }
}

TEST_CASE("paths") {
  const struct {
    std::string path;
    Method method;
    int status;
  } kCases[] = {
      {"/", Method::kGet, 0},           {"/a?b=c&d", Method::kGet, 0},
      {"*", Method::kOptions, 0},       {"*", Method::kGet, 400},
      {"", Method::kGet, 400},          {"a", Method::kGet, 400},
      {"/#", Method::kGet, 400},        {"/ ", Method::kGet, 400},
      {"/\t", Method::kGet, 400},       {"/\x80", Method::kGet, 400},
      {"/\x7f", Method::kGet, 400},     {std::string("/\0", 2), Method::kGet, 400},
      {"http://h/", Method::kGet, 400}, {"/" + std::string(16384, 'a'), Method::kGet, 414},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.path.substr(0, 20));
    Place place;
    place.head.method = test.method;
    place.head.path = test.path;
    CHECK(place.status() == test.status);
  }
}

TEST_CASE("a request without a host, and one with an empty label") {
  Place none;
  none.head.authority = {};
  CHECK(none.status() == 400);
  none.head.protocol = Protocol::kHttp10;
  CHECK(none.status() == 0);
  for (const char* host : {"admin..shop", ".internal", "shop..", "."}) {
    CAPTURE(host);
    Place place;
    place.head.authority = host;
    CHECK(place.status() == 400);
  }
}

TEST_CASE("fields that become members are taken out") {
  Place place;
  place.head.headers.add("host", "H");
  place.head.headers.add("content-length", "007");
  place.head.headers.add("expect", "100-continue");
  place.head.headers.add("te", "deflate, trailers");
  place.head.headers.add("x-other", "1");
  CHECK(place.status() == 0);
  CHECK(place.head.headers.size() == 1);
  CHECK(place.head.content_length == 7);
  CHECK(place.head.expects_continue);
  CHECK(place.head.te_trailers);
  CHECK(place.head.authority == "H");
}

TEST_CASE("fields that are refused") {
  const struct {
    const char* name;
    const char* value;
    int status;
  } kCases[] = {
      {"host", "other", 400},
      {"content-length", "x", 400},
      {"content-length", "9223372036854775808", 400},
      {"expect", "nothing", 417},
      {"x_woad_color", "red", 400},
      {"X-WOAD_tenant", "red", 400},
      {"transfer_encoding", "chunked", 400},
      {"Content_Length", "1", 400},
      {"x_forwarded_for", "1", 400},
      {"x_user_id", "1", 0},
      {"_", "1", 0},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.name);
    Place place;
    place.head.headers.add(test.name, test.value);
    CHECK(place.status() == test.status);
  }
  Place twice;
  twice.head.headers.add("host", "h");
  twice.head.headers.add("host", "h");
  CHECK(twice.status() == 400);
  Place lengths;
  lengths.head.headers.add("content-length", "1");
  lengths.head.headers.add("content-length", "1");
  CHECK(lengths.status() == 400);
}

TEST_CASE("responses") {
  ArenaPool pool;
  Arena arena(pool);
  const struct {
    int status;
    const char* name;
    const char* value;
    bool good;
  } kCases[] = {
      {200, "content-length", "5", true},
      {200, "content-length", "x", false},
      {204, "content-length", "0", true},
      {204, "content-length", "5", true},
      {103, "content-length", "0", true},
      {204, "content-length", "x", false},
      {99, "a", "b", false},
      {600, "a", "b", false},
      {200, "transfer-encoding", "chunked", false},
      {200, "connection", "close", true},
      {200, "keep-alive", "1", true},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.status);
    CAPTURE(test.name);
    ResponseHead head(arena);
    head.status = test.status;
    head.headers.add(test.name, test.value);
    CHECK(validate_response(head).empty() == test.good);
    if (!test.good) continue;
    CHECK(head.headers.empty());
    const bool length = std::string_view(test.name) == "content-length";
    CHECK(head.content_length.has_value() == (length && test.status == 200));
  }
}

TEST_CASE("trailers and Connection options") {
  for (const char* name : {"host", "Content-Length", "transfer-encoding", "Authorization", "cookie",
                           "set-cookie", "x-woad-color", "X-Woad-Anything", "traceparent", "te",
                           "x-forwarded-for", "baggage", "content_length"}) {
    CAPTURE(name);
    CHECK(forbidden_in_trailers(name, header_id(name)));
  }
  for (const char* name : {"grpc-status", "grpc-message", "x-checksum", "etag", "digest"}) {
    CAPTURE(name);
    CHECK(!forbidden_in_trailers(name, header_id(name)));
  }
  for (const char* name : {"host", "content-length", "Content-Encoding", "authorization", "cookie",
                           "x-woad-color", "traceparent", "tracestate", "x-request-id", "b3"}) {
    CAPTURE(name);
    CHECK(is_always_end_to_end(name, header_id(name)));
  }
  for (const char* name : {"x-hop", "keep-alive", "te", "upgrade", "proxy-authorization"}) {
    CAPTURE(name);
    CHECK(!is_always_end_to_end(name, header_id(name)));
  }
}
