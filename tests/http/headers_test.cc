#include "proxy/http/headers.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

TEST_CASE("names with an id are known in any case, others are not") {
  const struct {
    const char* name;
    HeaderId id;
  } kCases[] = {
      {"connection", HeaderId::kConnection},
      {"Content-Length", HeaderId::kContentLength},
      {"CONTENT-TYPE", HeaderId::kContentType},
      {"cookie", HeaderId::kCookie},
      {"date", HeaderId::kDate},
      {"expect", HeaderId::kExpect},
      {"grpc-status", HeaderId::kGrpcStatus},
      {"grpc-timeout", HeaderId::kGrpcTimeout},
      {"Host", HeaderId::kHost},
      {"HTTP2-Settings", HeaderId::kHttp2Settings},
      {"Keep-Alive", HeaderId::kKeepAlive},
      {"proxy-connection", HeaderId::kProxyConnection},
      {"X-Request-Id", HeaderId::kRequestId},
      {"TE", HeaderId::kTe},
      {"traceparent", HeaderId::kTraceparent},
      {"trailer", HeaderId::kTrailer},
      {"Transfer-Encoding", HeaderId::kTransferEncoding},
      {"upgrade", HeaderId::kUpgrade},
      {"user-agent", HeaderId::kUserAgent},
      {"x-forwarded-for", HeaderId::kForwardedFor},
      {"hose", HeaderId::kOther},
      {"", HeaderId::kOther},
      {"content-lengtH ", HeaderId::kOther},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.name);
    CHECK(header_id(test.name) == test.id);
  }
}

TEST_CASE("a copy has a list of its own, and the same bytes") {
  ArenaPool pool;
  Arena arena(pool);
  Headers headers(arena);
  const Headers none(headers);
  headers.add("a", "1");
  headers.add("b", "2");
  Headers copy(headers);
  CHECK(none.empty());
  CHECK(copy.begin()->value.data() == headers.begin()->value.data());
  copy.remove("a");
  copy.add("c", "3");
  headers.set("b", "4");
  CHECK(copy.size() == 2);
  CHECK(copy.find("b")->value == "2");
  CHECK(headers.size() == 2);
  CHECK(headers.find("c") == nullptr);
}

TEST_CASE("fields keep their order and case") {
  ArenaPool pool;
  Arena arena(pool);
  Headers headers(arena);
  for (int i = 0; i < 100; ++i) {
    headers.add_copy("Name-" + std::to_string(i % 10), std::to_string(i));
  }
  CHECK(headers.size() == 100);
  CHECK(headers.find("name-3")->value == "3");
  CHECK(headers.find(HeaderName("NAME-9"))->value == "9");
  CHECK(headers.find("name-10") == nullptr);
  CHECK(headers.remove("NAME-3") == 10);
  CHECK(headers.find("name-3") == nullptr);
  headers.set("name-4", "x");
  CHECK(headers.size() == 81);
  CHECK(headers.begin()->name == "Name-0");
  CHECK((headers.end() - 1)->value == "x");
}

TEST_CASE("a copy outlives the original") {
  ArenaPool pool;
  Arena long_lived(pool);
  Headers copy(long_lived);
  {
    Arena arena(pool);
    Headers headers(arena);
    headers.add_copy("Host", "h");
    headers.add_copy("A", "");
    copy.copy_from(headers);
  }
  CHECK(copy.size() == 2);
  CHECK(copy.find(HeaderId::kHost)->value == "h");
  CHECK(copy.remove(HeaderName("host")) == 1);
  CHECK(copy.remove(HeaderId::kHost) == 0);
}
