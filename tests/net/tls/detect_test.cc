#include "proxy/net/tls/detect.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

using namespace std::string_view_literals;

TEST_CASE("TLS or not by the first bytes") {
  struct Case {
    std::string_view first;
    LooksLike client;
    LooksLike server;
  };
  const Case cases[] = {
      {""sv, LooksLike::kNeedMore, LooksLike::kNeedMore},
      {"\x16"sv, LooksLike::kNeedMore, LooksLike::kNeedMore},
      {"\x16\x03"sv, LooksLike::kTls, LooksLike::kTls},
      {"\x16\x03\x01\x02\x00\x01"sv, LooksLike::kTls, LooksLike::kTls},
      {"\x16\x02"sv, LooksLike::kPlaintext, LooksLike::kPlaintext},
      {"\x15"sv, LooksLike::kPlaintext, LooksLike::kNeedMore},
      {"\x15\x03\x03"sv, LooksLike::kPlaintext, LooksLike::kTls},
      {"\x80\x2e"sv, LooksLike::kPlaintext, LooksLike::kPlaintext},  // SSL 2
      {"G"sv, LooksLike::kPlaintext, LooksLike::kPlaintext},
      {"GET / HTTP/1.1\r\n"sv, LooksLike::kPlaintext, LooksLike::kPlaintext},
      {"PRI * HTTP/2.0"sv, LooksLike::kPlaintext, LooksLike::kPlaintext},
      {"\x00"sv, LooksLike::kPlaintext, LooksLike::kPlaintext},
  };
  for (const Case& each : cases) {
    CAPTURE(each.first);
    CHECK(looks_like_tls(each.first) == each.client);
    CHECK(server_looks_like_tls(each.first) == each.server);
  }
}

}  // namespace
}  // namespace woad
