// The channel over real sockets of this machine; the test plays the collector.
#include "proxy/otlp/channel.h"

#include <doctest/doctest.h>

#include <optional>
#include <thread>

#include "proxy/otlp/exporter.h"
#include "tests/net/harness.h"

namespace woad {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

// A collector: a listening socket and the connections that came, oldest first.
class Collector {
 public:
  Collector() : listener_(open()) {}

  uint16_t port() const { return local_address(listener_.get()).port(); }
  // Takes a connection that waits, if there is one.
  bool accept() {
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) peers.emplace_back(Fd(socket));
    return socket >= 0;
  }

  std::vector<test::Peer> peers;

 private:
  static Fd open() {
    auto socket = listen_tcp(test::any_port());
    REQUIRE(socket);
    return std::move(*socket);
  }
  Fd listener_;
};

std::unique_ptr<OtlpChannel> make(Loop& loop, BlockPool& blocks, const std::string& url,
                                  std::vector<std::pair<std::string, std::string>> headers = {}) {
  OtlpSettings settings;
  settings.endpoint = *parse_url(url);
  settings.headers = std::move(headers);
  return otlp_channel(loop, blocks, settings, "woad/test");
}

struct Bench {
  explicit Bench(const std::string& host = "127.0.0.1",
                 std::vector<std::pair<std::string, std::string>> headers = {})
      : channel(make(loop, blocks,
                     "http://" + host + ":" + std::to_string(collector.port()) + "/v1/traces",
                     std::move(headers))) {}

  void post(const std::string& body) {
    answer.reset();
    channel->post(body, [this](HttpAnswer given) {
      answer = std::move(given);
      if (then) std::exchange(then, nullptr)();
    });
  }
  // Waits until connection `index` has sent `count` requests whose bodies are each `size` bytes.
  bool received(size_t index, const std::string& text) {
    return test::run_until(loop, [&] {
      collector.accept();
      if (collector.peers.size() <= index) return false;
      collector.peers[index].receive();
      return collector.peers[index].received.find(text) != std::string::npos;
    });
  }
  bool answered() {
    return test::run_until(loop, [&] { return answer.has_value(); });
  }
  // Turns in which something could still come.
  void settle() {
    for (int i = 0; i < 5; ++i) test::turns_in(loop, milliseconds(2));
  }

  Collector collector;
  BlockPool blocks;
  Loop loop;
  std::unique_ptr<OtlpChannel> channel;
  std::optional<HttpAnswer> answer;
  std::function<void()> then;  // called within the next answer
};

TEST_CASE("otlp channel: a request, and the next on the same connection") {
  Bench bench;
  bench.post("{\"a\":1}");
  REQUIRE(bench.received(0, "{\"a\":1}"));
  test::Peer& peer = bench.collector.peers[0];
  const std::string host = "127.0.0.1:" + std::to_string(bench.collector.port());
  CHECK(peer.received == "POST /v1/traces HTTP/1.1\r\nhost: " + host +
                             "\r\ncontent-type: application/json\r\nuser-agent: woad/test\r\n"
                             "content-length: 7\r\n\r\n{\"a\":1}");
  peer.send(kOk);
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
  CHECK(bench.answer->body == "{}");
  CHECK(bench.answer->why == "");

  bench.post("{\"b\":2}");
  REQUIRE(bench.received(0, "{\"b\":2}"));
  peer.send(
      "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\ntransfer-encoding: chunked\r\n\r\n"
      "3\r\nwhy\r\n0\r\nx: y\r\n\r\n");
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 503);
  CHECK(bench.answer->header("retry-after") == "7");
  CHECK(bench.answer->body == "why");
  CHECK(bench.collector.peers.size() == 1);
}

TEST_CASE("otlp channel: configured fields, and theirs over ours where it may be") {
  Bench bench("127.0.0.1", {{"api-key", "secret"}, {"user-agent", "mine"}});
  bench.post("{}");
  REQUIRE(bench.received(0, "\r\n\r\n{}"));
  const std::string& received = bench.collector.peers[0].received;
  CHECK(received.find("\r\napi-key: secret\r\n") != std::string::npos);
  CHECK(received.find("\r\nuser-agent: mine\r\n") != std::string::npos);
  CHECK(received.find("woad/test") == std::string::npos);
}

TEST_CASE("otlp channel: a name is resolved") {
  Bench bench("localhost");
  bench.post("{}");
  REQUIRE(bench.received(0, "\r\n\r\n{}"));
  CHECK(bench.collector.peers[0].received.find("host: localhost:") != std::string::npos);
  bench.collector.peers[0].send(kOk);
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
}

TEST_CASE("otlp channel: a name that is not there, a port where nobody listens") {
  BlockPool blocks;
  Loop loop;
  std::optional<HttpAnswer> answer;
  const auto ask = [&](const std::string& url, std::string_view why) {
    const auto channel = make(loop, blocks, url);
    answer.reset();
    channel->post("{}", [&](HttpAnswer given) { answer = std::move(given); });
    CHECK_FALSE(answer);
    REQUIRE(test::run_until(loop, [&] { return answer.has_value(); }));
    CHECK(answer->status == 0);
    CAPTURE(answer->why);
    CHECK(answer->why.find(why) != std::string::npos);
  };
  ask("http://no-such-name.invalid:4318/", "no-such-name.invalid");
  uint16_t port = 0;
  {
    const Collector gone;
    port = gone.port();
  }
  ask("http://127.0.0.1:" + std::to_string(port) + "/", "refused");
}

TEST_CASE("otlp channel: a kept connection that the collector closed is replaced") {
  Bench bench;
  bench.post("{}");
  REQUIRE(bench.received(0, "{}"));
  bench.collector.peers[0].send(kOk);
  REQUIRE(bench.answered());
  bench.collector.peers[0].close();
  bench.settle();
  bench.post("{\"again\":1}");
  REQUIRE(bench.received(1, "again"));
  bench.collector.peers[1].send(
      "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
  bench.post("{\"third\":1}");
  REQUIRE(bench.received(2, "third"));
}

TEST_CASE("otlp channel: answers that do not come, or not whole") {
  struct Row {
    std::string_view what;
    std::string_view sent;
    bool reset;
  };
  const Row rows[] = {
      {"nothing", "", false},
      {"nothing, and a reset", "", true},
      {"half a head", "HTTP/1.1 200 OK\r\ncont", false},
      {"half a body", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{}", false},
      {"half a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}", false},
      {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", false},
      {"broken framing", "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    bench.post("{}");
    REQUIRE(bench.received(0, "{}"));
    bench.collector.peers[0].send(row.sent);
    bench.settle();
    if (row.reset) {
      bench.collector.peers[0].reset();
    } else {
      bench.collector.peers[0].close();
    }
    REQUIRE(bench.answered());
    CHECK(bench.answer->status == 0);
    CHECK(bench.answer->why.starts_with("127.0.0.1:"));
    // It is not used again.
    bench.post("{\"next\":1}");
    REQUIRE(bench.received(1, "next"));
  }
}

TEST_CASE("otlp channel: a body up to the end of the connection is whole") {
  Bench bench;
  bench.post("{}");
  REQUIRE(bench.received(0, "{}"));
  bench.collector.peers[0].send("HTTP/1.1 200 OK\r\n\r\n{\"x\":1}");
  bench.collector.peers[0].close();
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
  CHECK(bench.answer->body == "{\"x\":1}");
}

TEST_CASE("otlp channel: a long answer is cut, and the connection with it") {
  for (const bool chunked : {false, true}) {
    CAPTURE(chunked);
    Bench bench;
    bench.post("{}");
    REQUIRE(bench.received(0, "{}"));
    test::Peer& peer = bench.collector.peers[0];
    const std::string body(kMostOtlpAnswer * 2, 'x');
    std::string text = "HTTP/1.1 400 Bad\r\n";
    if (chunked) {
      text += "transfer-encoding: chunked\r\n\r\n20000\r\n" + body + "\r\n0\r\nx: y\r\n\r\n";
    } else {
      text += "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    size_t sent = 0;
    REQUIRE(test::run_until(bench.loop, [&] {
      if (!bench.answer && sent < text.size())
        sent += peer.send(std::string_view(text).substr(sent));
      return bench.answer.has_value();
    }));
    CHECK(bench.answer->status == 400);
    CHECK(bench.answer->body.size() == kMostOtlpAnswer);
    bench.post("{\"next\":1}");
    REQUIRE(bench.received(1, "next"));
  }
}

TEST_CASE("otlp channel: the next one from within an answer") {
  Bench bench;
  bench.then = [&] { bench.post("{\"second\":1}"); };
  bench.post("{\"first\":1}");
  REQUIRE(bench.received(0, "first"));
  bench.collector.peers[0].send(kOk);
  REQUIRE(bench.received(0, "second"));
  CHECK_FALSE(bench.answer);
  // And when that answer ended the connection.
  bench.then = [&] { bench.post("{\"third\":1}"); };
  bench.collector.peers[0].send(
      "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  REQUIRE(bench.received(1, "third"));
  bench.collector.peers[1].send(kOk);
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
}

TEST_CASE("otlp channel: giving up, at every stage, and beginning anew") {
  SUBCASE("while connecting") {
    Bench bench;
    bench.post("{}");
    bench.channel->cancel();
    bench.settle();
    CHECK_FALSE(bench.answer);
    bench.post("{\"next\":1}");
    REQUIRE(bench.received(0, "next"));  // the connection came all the same
  }
  SUBCASE("while resolving") {
    Bench bench("localhost");
    bench.post("{}");
    bench.channel->cancel();
    bench.settle();
    CHECK_FALSE(bench.answer);
    bench.post("{\"next\":1}");
    REQUIRE(bench.received(0, "next"));
  }
  SUBCASE("while asking") {
    Bench bench;
    bench.post("{\"old\":1}");
    REQUIRE(bench.received(0, "old"));
    bench.channel->cancel();
    bench.post("{\"next\":1}");
    REQUIRE(bench.received(1, "next"));
    bench.collector.peers[0].send(kOk);  // of the old one: nobody listens
    bench.settle();
    CHECK_FALSE(bench.answer);
    bench.collector.peers[1].send(kOk);
    REQUIRE(bench.answered());
    CHECK(bench.answer->status == 200);
  }
  SUBCASE("with nothing under way the connection is kept") {
    Bench bench;
    bench.post("{\"a\":1}");
    REQUIRE(bench.received(0, "{\"a\":1}"));
    bench.collector.peers[0].send(kOk);
    REQUIRE(bench.answered());
    bench.channel->cancel();
    bench.post("{\"b\":1}");
    REQUIRE(bench.received(0, "{\"b\":1}"));
  }
}

TEST_CASE("otlp channel: a large body to a slow reader") {
  Bench bench;
  std::string body(3 << 20, 'x');
  body += "end";
  bench.post(body);
  REQUIRE(bench.received(0, "xend"));
  bench.collector.peers[0].send(kOk);
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
}

TEST_CASE("otlp channel: an answer before the request was read") {
  Bench bench;
  bench.post(std::string(8 << 20, 'x'));
  REQUIRE(bench.received(0, "\r\n\r\nxx"));
  bench.collector.peers[0].send("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n");
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 413);
}

TEST_CASE("exporter and channel: spans of a worker's thread arrive at a collector") {
  Collector collector;
  BlockPool blocks;
  Loop loop;
  OtlpExporter exporter(otlp_over_http(loop, blocks, 1, 1));
  OtlpSettings settings;
  settings.enabled = true;
  settings.endpoint = *parse_url("http://127.0.0.1:" + std::to_string(collector.port()));
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
    collector.accept();
    for (test::Peer& peer : collector.peers) peer.receive();
    return !collector.peers.empty() && collector.peers[0].received.ends_with("]}]}]}");
  };
  CHECK(test::run_until(loop, has_body));
  worker.join();
  collector.peers[0].send(kOk);
  CHECK(test::run_until(loop, [&] { return exporter.counts().delivered == kSpans; }));
  bool done = false;
  exporter.shut_down([&] { done = true; });
  CHECK(done);
}

}  // namespace
}  // namespace woad
