// The client over real sockets of this machine; the test plays the server.
#include "proxy/client/http_client.h"

#include <doctest/doctest.h>

#include <optional>

#include "tests/net/harness.h"

namespace woad {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

// A listening socket and the connections that came, oldest first.
class Server {
 public:
  Server() : listener_(open()) {}

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

struct Bench {
  explicit Bench(const std::string& host = "127.0.0.1")
      : client(loop, blocks,
               {.origin = *parse_url("http://" + host + ":" + std::to_string(server.port()))}) {}

  void post(std::string body) {
    answer.reset();
    call = client.ask({.method = "POST", .body = std::move(body)}, 1000, [this](HttpAnswer given) {
      call.reset();
      answer = std::move(given);
      if (then) std::exchange(then, nullptr)();
    });
  }
  // Waits until connection `index` has sent `text`.
  bool received(size_t index, const std::string& text) {
    return test::run_until(loop, [&] {
      server.accept();
      if (server.peers.size() <= index) return false;
      server.peers[index].receive();
      return server.peers[index].received.find(text) != std::string::npos;
    });
  }
  bool answered() {
    return test::run_until(loop, [&] { return answer.has_value(); });
  }
  // Turns in which something could still come.
  void settle() {
    for (int i = 0; i < 5; ++i) test::turns_in(loop, milliseconds(2));
  }

  Server server;
  BlockPool blocks;
  Loop loop;
  HttpClient client;
  std::unique_ptr<HttpCall> call;
  std::optional<HttpAnswer> answer;
  std::function<void()> then;  // called within the next answer
};

TEST_CASE("http client over sockets: a name is resolved") {
  Bench bench("localhost");
  bench.post("{}");
  REQUIRE(bench.received(0, "\r\n\r\n{}"));
  CHECK(bench.server.peers[0].received.find("host: localhost:") != std::string::npos);
  bench.server.peers[0].send(kOk);
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
}

TEST_CASE("http client over sockets: a name that is not there, a port where nobody listens") {
  BlockPool blocks;
  Loop loop;
  std::optional<HttpAnswer> answer;
  const auto ask = [&](const std::string& url, std::string_view why) {
    HttpClient client(loop, blocks, {.origin = *parse_url(url)});
    answer.reset();
    const auto call = client.ask({}, 1000, [&](HttpAnswer given) { answer = std::move(given); });
    CHECK_FALSE(answer);
    REQUIRE(test::run_until(loop, [&] { return answer.has_value(); }));
    CHECK(answer->status == 0);
    CAPTURE(answer->why);
    CHECK(answer->why.find(why) != std::string::npos);
  };
  ask("http://no-such-name.invalid:4318/", "no-such-name.invalid");
  uint16_t port = 0;
  {
    const Server gone;
    port = gone.port();
  }
  ask("http://127.0.0.1:" + std::to_string(port) + "/", "refused");
}

TEST_CASE("http client over sockets: a kept connection that the server closed is replaced") {
  Bench bench;
  bench.post("{}");
  REQUIRE(bench.received(0, "{}"));
  bench.server.peers[0].send(kOk);
  REQUIRE(bench.answered());
  bench.server.peers[0].close();
  bench.settle();
  bench.post("{\"again\":1}");
  REQUIRE(bench.received(1, "again"));
  bench.server.peers[1].send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
  bench.post("{\"third\":1}");
  REQUIRE(bench.received(2, "third"));
}

TEST_CASE("http client over sockets: answers that do not come, or not whole") {
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
    bench.server.peers[0].send(row.sent);
    bench.settle();
    if (row.reset) {
      bench.server.peers[0].reset();
    } else {
      bench.server.peers[0].close();
    }
    REQUIRE(bench.answered());
    CHECK(bench.answer->status == 0);
    CHECK(bench.answer->why.starts_with("127.0.0.1:"));
    // It is not used again.
    bench.post("{\"next\":1}");
    REQUIRE(bench.received(1, "next"));
  }
}

TEST_CASE("http client over sockets: a body up to the end of the connection is whole") {
  Bench bench;
  bench.post("{}");
  REQUIRE(bench.received(0, "{}"));
  bench.server.peers[0].send("HTTP/1.1 200 OK\r\n\r\n{\"x\":1}");
  bench.server.peers[0].close();
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
  CHECK(bench.answer->body == "{\"x\":1}");
}

TEST_CASE("http client over sockets: the next one from within an answer") {
  Bench bench;
  bench.then = [&] { bench.post("{\"second\":1}"); };
  bench.post("{\"first\":1}");
  REQUIRE(bench.received(0, "first"));
  bench.server.peers[0].send(kOk);
  REQUIRE(bench.received(0, "second"));
  CHECK_FALSE(bench.answer);
  // And when that answer ended the connection.
  bench.then = [&] { bench.post("{\"third\":1}"); };
  bench.server.peers[0].send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  REQUIRE(bench.received(1, "third"));
  bench.server.peers[1].send(kOk);
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
}

TEST_CASE("http client over sockets: a large body to a slow reader") {
  Bench bench;
  std::string body(3 << 20, 'x');
  body += "end";
  bench.post(body);
  REQUIRE(bench.received(0, "xend"));
  bench.server.peers[0].send(kOk);
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 200);
}

TEST_CASE("http client over sockets: an answer before the request was read") {
  Bench bench;
  bench.post(std::string(8 << 20, 'x'));
  REQUIRE(bench.received(0, "\r\n\r\nxx"));
  bench.server.peers[0].send("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n");
  REQUIRE(bench.answered());
  CHECK(bench.answer->status == 413);
}

}  // namespace
}  // namespace woad
