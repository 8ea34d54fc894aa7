#include "proxy/health/stream_probe.h"

#include <doctest/doctest.h>

#include "tests/upstream/fake_dialer.h"

namespace woad {
namespace {

struct World final : test::PoolWorld, ProbeOwner {
  explicit World(const HealthCheck& check, Protocol protocol = Protocol::kHttp11)
      : pool(context, *Address::parse("127.0.0.1:9001"), "127.0.0.1:9001", health, protocol,
             test::plain_channel()),
        probe(make(check)) {
    probe->start();
  }
  ~World() { probe.reset(); }

  std::unique_ptr<StreamProbe> make(const HealthCheck& check) {
    ProbeOwner& self = *this;
    return std::make_unique<StreamProbe>(pool, arenas, check, self);
  }
  // The head that the endpoint got.
  std::string asked() {
    if (dialer.calls.back().sink != nullptr) dialer.accept_last();
    turn();
    return dialer.calls.back().peer->take_received();
  }
  void answer(std::string_view bytes) {
    dialer.calls.back().peer->send(bytes);
    turn();
  }

  void on_probed(ProbeResult result) override {
    constexpr std::string_view kWords[] = {"good: ", "failed: ", "not made: "};
    log += std::string(kWords[static_cast<size_t>(result.kind)]) + result.what;
  }

  EndpointHealth health;
  ConnectionPool pool;
  std::string log;
  std::unique_ptr<StreamProbe> probe;
};

const HealthCheck kHttp{
    .kind = HealthCheck::Kind::kHttp, .target = "/healthz?full=1", .host = "price"};
const HealthCheck kGrpc{.kind = HealthCheck::Kind::kGrpc, .target = "shop.Price", .host = "price"};

TEST_CASE("stream probe: what an answer means") {
  struct Case {
    std::string_view answer, result;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "good: GET /healthz?full=1 answered 200"},
      {"HTTP/1.1 204 No\r\n\r\n", "good: GET /healthz?full=1 answered 204"},
      {"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 299 OK\r\ncontent-length: 0\r\n\r\n",
       "good: GET /healthz?full=1 answered 299"},
      {"HTTP/1.1 301 Moved\r\ncontent-length: 0\r\n\r\n",
       "failed: GET /healthz?full=1 answered 301"},
      {"HTTP/1.1 404 Not\r\ncontent-length: 0\r\n\r\n", "failed: GET /healthz?full=1 answered 404"},
      {"HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
       "failed: GET /healthz?full=1 answered 503"},
      {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no", ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.answer);
    World world(kHttp);
    const std::string asked = world.asked();
    CHECK(asked.starts_with("GET /healthz?full=1 HTTP/1.1\r\n"));
    CHECK(asked.find("price\r\n") != std::string::npos);
    world.answer(each.answer);
    CHECK(world.log == each.result);
  }
}

TEST_CASE("stream probe: a body without an end is not waited for") {
  World world(kHttp);
  world.asked();
  world.answer("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
  CHECK(world.log.empty());
  world.answer(std::string(20'000, 'x'));
  CHECK(world.log == "good: GET /healthz?full=1 answered 200");
}

TEST_CASE("stream probe: no connection, a lost one, one that was reused") {
  World world(kHttp);
  world.dialer.fail(0);
  CHECK(world.log == "failed: 127.0.0.1:9001: connection refused");
  CHECK(world.health.doubtful());

  World lost(kHttp);
  lost.asked();
  lost.dialer.peer(0).lose();
  lost.turn();
  CHECK(lost.log.starts_with("failed: GET /healthz?full=1: "));

  World reused(kHttp);
  reused.asked();
  reused.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  reused.log.clear();
  reused.probe = reused.make(kHttp);
  reused.probe->start();
  reused.turn();
  REQUIRE(reused.dialer.calls.size() == 1);
  reused.dialer.peer(0).lose();
  reused.turn();
  CHECK(reused.log.empty());
  REQUIRE(reused.dialer.calls.size() == 2);
  CHECK(reused.asked().starts_with("GET "));
  reused.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  CHECK(reused.log == "good: GET /healthz?full=1 answered 200");
}

TEST_CASE("stream probe: given up, it tells nothing") {
  World world(kHttp);
  world.asked();
  world.probe->give_up();
  world.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  CHECK(world.log.empty());
}

TEST_CASE("stream probe: gRPC is not spoken in HTTP/1.1") {
  World world(kGrpc);
  world.asked();
  CHECK(world.log ==
        "failed: grpc.health.v1.Health/Check is impossible: the server did not agree "
        "on HTTP/2 (ALPN)");
}

}  // namespace
}  // namespace woad
