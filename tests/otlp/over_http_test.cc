// The exporter of production over a real socket; the test plays the collector.
#include <doctest/doctest.h>

#include <thread>

#include "proxy/otlp/exporter.h"
#include "tests/net/harness.h"

namespace woad {
namespace {

TEST_CASE("otlp over http: spans of a worker's thread arrive at a collector") {
  const auto listener = listen_tcp(test::any_port());
  REQUIRE(listener);
  const std::string authority = local_address(listener->get()).to_string();
  test::Peer collector;
  BlockPool blocks;
  Loop loop;
  OtlpExporter exporter(otlp_over_http(loop, blocks, 1, 1));
  OtlpSettings settings;
  settings.enabled = true;
  settings.endpoint = *parse_url("http://" + authority + "/v1/traces");
  settings.headers = {{"api-key", "secret"}};
  settings.max_batch = 64;
  settings.max_queue = 128;
  exporter.apply(settings);
  constexpr uint64_t kSpans = 64;  // a whole batch: goes without a wait
  std::thread worker([queue = exporter.queue(0)] {
    for (uint64_t i = 0; i < kSpans; ++i) {
      Span* span = queue->begin();
      span->trace = {1, 1};
      span->id = {i + 1};
      queue->commit();
    }
  });
  const auto has_body = [&] {
    if (collector.fd() < 0) {
      const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
      collector = test::Peer(Fd(::accept4(listener->get(), nullptr, nullptr, flags)));
    }
    if (collector.fd() >= 0) collector.receive();
    return collector.received.ends_with("]}]}]}");
  };
  CHECK(test::run_until(loop, has_body));
  worker.join();
  CHECK(collector.received.starts_with("POST /v1/traces HTTP/1.1\r\nhost: " + authority +
                                       "\r\napi-key: secret\r\ncontent-type: application/json"
                                       "\r\nuser-agent: woad/"));
  collector.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
  CHECK(test::run_until(loop, [&] { return exporter.counts().delivered == kSpans; }));
  bool done = false;
  exporter.shut_down([&] { done = true; });
  CHECK(done);
}

}  // namespace
}  // namespace woad
