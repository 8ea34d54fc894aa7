#include "proxy/client/http_client.h"

#include <doctest/doctest.h>

#include <optional>

#include "tests/support/certificates.h"
#include "tests/upstream/fake_dialer.h"

namespace woad {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

// Dials of a client end in the world's dialer.
class Through final : public Dialer {
 public:
  explicit Through(Dialer& dialer) : dialer_(dialer) {}
  std::unique_ptr<Dial> dial(const Address& address, const std::shared_ptr<const Channel>& channel,
                             DialSink& sink) override {
    return dialer_.dial(address, channel, sink);
  }

 private:
  Dialer& dialer_;
};

struct World final : test::PoolWorld {
  World()
      : client(std::make_unique<HttpClient>(
            scheduler, blocks, std::make_unique<Through>(dialer),
            HttpClientOptions{.origin = *parse_url("http://cp:80"), .agent = "woad/test"})) {}
  ~World() {
    call.reset();
    client.reset();
    turn();
  }

  void ask(HttpRequest request = {.target = "/a?b"}, size_t most = 1000) {
    answer.reset();
    call = client->ask(std::move(request), most, [this](HttpAnswer given) {
      REQUIRE_FALSE(answer);
      call.reset();
      answer = std::move(given);
    });
    CHECK_FALSE(answer);
    turn();
  }
  size_t dials() const { return dialer.calls.size(); }
  // What the newest connection was sent.
  std::string sent() {
    if (dialer.calls.back().sink != nullptr) dialer.accept_last();
    turn();
    return dialer.calls.back().peer->take_received();
  }
  void reply(std::string_view bytes) {
    dialer.calls.back().peer->send(bytes);
    turn();
  }
  // "200 ok", or why there is none.
  std::string said() const {
    if (!answer) return "nothing yet";
    return !answer->why.empty() ? answer->why : std::to_string(answer->status) + " " + answer->body;
  }

  std::unique_ptr<HttpClient> client;
  std::unique_ptr<HttpCall> call;
  std::optional<HttpAnswer> answer;
};

TEST_CASE("http client: what is sent, and the next request on the same connection") {
  World world;
  world.ask();
  CHECK(world.sent() == "GET /a?b HTTP/1.1\r\nhost: cp:80\r\nuser-agent: woad/test\r\n\r\n");
  world.reply("HTTP/1.1 200 OK\r\nETag: \"x\"\r\ncontent-length: 2\r\n\r\nok");
  CHECK(world.said() == "200 ok");
  CHECK(world.answer->header("etag") == "\"x\"");
  CHECK(world.answer->header("x-none") == "");

  world.ask({.method = "PUT", .target = "/x", .headers = {{"user-agent", "mine"}}, .body = "{}"});
  CHECK(world.sent() ==
        "PUT /x HTTP/1.1\r\nhost: cp:80\r\nuser-agent: mine\r\ncontent-length: 2\r\n\r\n{}");
  world.reply("HTTP/1.1 100 Go on\r\n\r\n");
  CHECK(world.said() == "nothing yet");
  world.reply(
      "HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nwh\r\n1\r\ny\r\n0\r\n\r\n");
  CHECK(world.said() == "503 why");
  CHECK(world.dials() == 1);
}

TEST_CASE("http client: no answer, and why") {
  struct Row {
    std::string_view sent;
    std::string why;
  };
  const Row rows[] = {
      {"", "cp:80: "},
      {"HTTP/1.1 200 OK\r\ncont", "cp:80: "},
      {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok", "cp:80: "},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nok", "cp:80: "},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "cp:80: "},
      {"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n", "the answer is longer than 1000 bytes"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sent);
    World world;
    world.ask();
    world.sent();
    world.reply(row.sent);
    if (!world.answer) world.dialer.calls.back().peer->send_eof();
    world.turn();
    CHECK(world.said().starts_with(row.why));
    CHECK(world.dials() == 1);
  }
}

TEST_CASE("http client: an answer that turns out too long is not waited for") {
  World world;
  world.ask({}, 4);
  world.sent();
  world.reply("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\n");
  CHECK(world.said() == "nothing yet");
  world.reply("1\r\n!\r\n");
  CHECK(world.said() == "the answer is longer than 4 bytes");
  CHECK(world.dialer.peer(0).closed());
}

TEST_CASE("http client: refused, and too late") {
  World world;
  world.ask();
  world.dialer.fail(0);
  CHECK(world.said().ends_with("connection refused"));

  world.ask({.timeout = seconds(3)});
  world.sent();
  world.pass(milliseconds(2900));
  CHECK(world.said() == "nothing yet");
  world.pass(milliseconds(200));
  CHECK(world.said() == "cp:80: no answer within 3s");
  CHECK(world.dialer.peer(1).closed());

  world.ask({.timeout = Duration(0)});
  world.sent();
  world.pass(hours(1));
  CHECK(world.said() == "nothing yet");
}

TEST_CASE("http client: a reused connection that died of its age is replaced once, where it may") {
  for (const std::string_view method : {"GET", "PUT", "DELETE", "POST"}) {
    CAPTURE(method);
    World world;
    world.ask();
    world.sent();
    world.reply(kOk);
    world.ask({.method = std::string(method)});
    world.sent();
    world.dialer.peer(0).lose();
    world.turn();
    if (method == "POST") {
      CHECK(world.said().starts_with("cp:80: "));
      CHECK(world.dials() == 1);
      continue;
    }
    CHECK(world.said() == "nothing yet");
    REQUIRE(world.dials() == 2);
    CHECK(world.sent().starts_with(std::string(method) + " / "));
    world.dialer.peer(1).lose();
    world.turn();
    CHECK(world.said().starts_with("cp:80: "));
    CHECK(world.dials() == 2);
  }
}

TEST_CASE("http client: of an answer that had begun nothing is asked again") {
  World world;
  world.ask();
  world.sent();
  world.reply(kOk);
  world.ask();
  world.sent();
  world.reply("HTTP/1.1 2");
  world.dialer.peer(0).lose();
  world.turn();
  CHECK(world.said().starts_with("cp:80: "));
  CHECK(world.dials() == 1);
}

TEST_CASE("http client: giving up at every stage") {
  World world;
  world.ask();
  world.call.reset();
  world.sent();
  world.ask();
  world.sent();
  world.call.reset();
  world.turn();
  world.ask();
  world.sent();
  world.reply("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no");
  world.call.reset();
  world.turn();
  CHECK_FALSE(world.answer);
  world.ask();
  world.sent();
  world.reply(kOk);
  CHECK(world.said() == "200 ok");
}

TEST_CASE("http client: client and call may die within the answer") {
  World world;
  world.call = world.client->ask({}, 10, [&](HttpAnswer) {
    world.call.reset();
    world.client.reset();
  });
  world.turn();
  world.sent();
  world.reply(kOk);
  CHECK(world.client == nullptr);
  CHECK(world.dialer.peer(0).closed());
}

// Tells pieces, and leaves at one of them.
struct Pieces final : HttpSink {
  void on_head(const ResponseHead& head) override { note(std::to_string(head.status)); }
  void on_body(std::string_view piece) override { note(std::string(piece)); }
  void on_end() override { note("end"); }
  void on_failed(std::string why) override { note(why); }
  void note(const std::string& what) {
    log += what + ";";
    if (what == leave_at) call.reset();
  }

  std::unique_ptr<HttpCall> call;
  std::string leave_at;
  std::string log;
};

TEST_CASE("http client: an answer piece by piece, and a sink that leaves") {
  struct Row {
    std::string leave_at, log;
  };
  const Row rows[] = {
      {"", "200;one;two;end;"}, {"200", "200;"}, {"one", "200;one;"}, {"end", "200;one;two;end;"}};
  for (const Row& row : rows) {
    CAPTURE(row.leave_at);
    World world;
    Pieces pieces;
    pieces.leave_at = row.leave_at;
    pieces.call = world.client->stream({}, pieces);
    world.turn();
    world.sent();
    world.reply("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
    world.reply("3\r\ntwo\r\n0\r\n\r\n");
    CHECK(pieces.log == row.log);
  }
}

}  // namespace
}  // namespace woad
