#include "proxy/client/url.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

TEST_CASE("url: host, port, authority and target") {
  struct Row {
    std::string_view url;
    std::string expected;  // host|port|authority|target, or "!" and a part of the error
  };
  const Row rows[] = {
      {"http://127.0.0.1:4318/v1/traces", "127.0.0.1|4318|127.0.0.1:4318|/v1/traces"},
      {"http://collector:4318", "collector|4318|collector:4318|/"},
      {"http://collector/", "collector|80|collector|/"},
      {"http://collector.obs.svc.cluster.local/a/b?c=d",
       "collector.obs.svc.cluster.local|80|collector.obs.svc.cluster.local|/a/b?c=d"},
      {"http://collector?c=d", "collector|80|collector|/?c=d"},
      {"HTTP://Collector:1/", "Collector|1|Collector:1|/"},
      {"http://[::1]:4318/v1/traces", "::1|4318|[::1]:4318|/v1/traces"},
      {"http://[::1]/x", "::1|80|[::1]|/x"},
      {"https://collector:4318/v1/traces", "tls|collector|4318|collector:4318|/v1/traces"},
      {"HTTPS://collector", "tls|collector|443|collector|/"},
      {"https://[fd00::1]?x", "tls|fd00::1|443|[fd00::1]|/?x"},
      {"", "!is not a URL"},
      {"collector:4318", "!is not a URL"},
      {"grpc://collector:4317", "!is not a URL"},
      {"http://", "!is not a URL"},
      {"http:///v1/traces", "!is not a URL"},
      {"http://collector:0/", "!is not a URL"},
      {"http://collector:70000/", "!is not a URL"},
      {"http://collector:/", "!is not a URL"},
      {"http://user:secret@collector/", "!is not a URL"},
      {"http://::1/", "!is not a URL"},
      {"http://colle ctor/", "!is not a URL"},
      {"http://collector/a b", "!is not a URL"},
      {"http://collector/a\r\nx: y", "!is not a URL"},
      {"http://collector/#top", "!is not a URL"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    const auto url = parse_url(row.url);
    const bool bad = row.expected.starts_with('!');
    REQUIRE(static_cast<bool>(url) == !bad);
    if (bad) {
      CHECK(url.error().message.find(row.expected.substr(1)) != std::string::npos);
    } else {
      CHECK((url->tls ? "tls|" : "") + url->host + "|" + std::to_string(url->port) + "|" +
                url->authority + "|" + url->target ==
            row.expected);
    }
  }
  CHECK_FALSE(parse_url("http://collector/" + std::string(2048, 'x')));
}

}  // namespace
}  // namespace woad
