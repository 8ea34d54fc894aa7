// Tries, replays, limits of a try; tunnels; mirrors.
#include <doctest/doctest.h>

#include "tests/exchange/rig.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kTwoEndpoints = R"(services:
  price:
    protocol: http1
    load_balancing: { policy: round_robin }
    endpoints: [ { address: 127.0.0.1:9001 }, { address: 127.0.0.1:9002 } ]
)";

TEST_CASE("replay: a reused connection that died of its age, exactly once") {
  struct Case {
    std::string_view method;
    bool has_body;
    bool turn;  // the request has left before the connection dies
    bool replayed;
  };
  const Case cases[] = {
      {"GET", false, true, true},    {"HEAD", false, true, true},  {"PUT", true, true, true},
      {"DELETE", false, true, true}, {"POST", true, true, false},  {"POST", false, true, false},
      {"POST", true, false, true},   {"PATCH", true, false, true}, {"GET", false, false, true},
  };
  for (const Case& each : cases) {
    CAPTURE(each.method);
    CAPTURE(each.turn);
    ExchangeRig rig;
    MemoryPeer& stale = rig.warm_up();
    rig.request(each.method, "/", !each.has_body);
    if (each.has_body) rig.data("body", true);
    if (each.turn) rig.world.turn();
    stale.lose();
    if (!each.replayed) {
      CHECK(rig.client.log == "502 upstream_reset | end");
      CHECK(rig.dials() == 1);
      rig.finish();
      continue;
    }
    CHECK(rig.client.log.empty());
    REQUIRE(rig.dials() == 2);
    MemoryPeer& fresh = rig.accept(1);
    CHECK(fresh.received().starts_with(std::string(each.method) + " / "));
    if (each.has_body) CHECK(fresh.received().find("body") != std::string::npos);
    // The second death counts.
    fresh.lose();
    CHECK(rig.client.log == "502 upstream_reset | end");
    CHECK(rig.dials() == 2);
    rig.finish();
  }
}

TEST_CASE("replay: never once anything of the answer came, nor when the body is too large") {
  SUBCASE("after an answer's head") {
    ExchangeRig rig;
    MemoryPeer& stale = rig.warm_up();
    rig.get();
    rig.world.turn();
    stale.send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n");
    stale.lose();
    CHECK(rig.client.log == "200");
    CHECK(rig.dials() == 1);
    rig.finish();
  }
  SUBCASE("body over the replay limit") {
    ExchangeRig rig;
    MemoryPeer& stale = rig.warm_up();
    rig.request("PUT", "/", false);
    rig.data(std::string(rig.snapshot->exchange_limits.replay + 1, 'x'), true);
    rig.world.turn();
    stale.lose();
    CHECK(rig.client.log == "502 upstream_reset | end");
    rig.finish();
  }
  SUBCASE("a broken answer is not a stale connection") {
    ExchangeRig rig;
    MemoryPeer& stale = rig.warm_up();
    rig.get();
    rig.world.turn();
    stale.send("nonsense\r\n\r\n");
    CHECK(rig.client.log == "502 bad_upstream_response | end");
    rig.finish();
  }
  SUBCASE("a body that is still coming is sent whole") {
    ExchangeRig rig;
    MemoryPeer& stale = rig.warm_up();
    rig.request("PUT", "/", false);
    rig.data("one", false);
    rig.world.turn();
    stale.lose();
    rig.data("two", false);
    MemoryPeer& fresh = rig.accept(1);
    rig.data("three", true);
    rig.world.turn();
    CHECK(fresh.received().ends_with("6\r\nonetwo\r\n5\r\nthree\r\n0\r\n\r\n"));
    fresh.send(answer("ok"));
    CHECK(rig.client.body == "ok");
    rig.finish();
  }
}

TEST_CASE("attempts: a filter may ask for another try, at another endpoint") {
  ExchangeRig rig(kTwoEndpoints);
  std::string outcomes;
  rig.second().outcome = [&](const Outcome& outcome) {
    outcomes += std::to_string(outcome.number) + ":" +
                std::string(outcome_info(outcome.kind).word) + (outcome.anything_sent ? "+ " : " ");
  };
  rig.second().next_try = [&](const Outcome& outcome) {
    return outcome.number < 3 ? Next::again(milliseconds(25)) : Next::done();
  };
  rig.request("POST", "/", false);
  rig.data("bo", false);
  const std::string one = rig.world.dialer.calls[0].address;
  rig.world.dialer.fail(0);
  rig.data("dy", true);
  rig.world.pass(milliseconds(24));
  CHECK(rig.dials() == 1);
  rig.world.pass(milliseconds(2));
  REQUIRE(rig.dials() == 2);
  CHECK(rig.world.dialer.calls[1].address != one);
  MemoryPeer& second = rig.accept(1);
  CHECK(second.received().ends_with("body\r\n0\r\n\r\n"));
  second.send(answer("busy", "503 Service Unavailable"));
  CHECK(rig.client.log.empty());
  rig.world.pass(milliseconds(30));
  REQUIRE(rig.dials() == 3);
  CHECK(rig.world.dialer.calls[2].address == one);
  MemoryPeer& third = rig.accept(2);
  CHECK(third.received().ends_with("body\r\n0\r\n\r\n"));
  third.send(answer("busy still", "503 Service Unavailable"));
  CHECK(rig.client.log == "503 | end");
  CHECK(rig.client.body == "busy still");
  CHECK(outcomes == "1:connect_failed 2:answered+ 3:answered+ ");
  rig.finish();
}

TEST_CASE("attempts: the limit of a try") {
  ExchangeRig rig;
  std::optional<Outcome> seen;
  rig.first().attempt = [](AttemptPlan& plan, RequestHead&) {
    plan.per_try = milliseconds(100);
    return Verdict::go();
  };
  rig.first().outcome = [&](const Outcome& outcome) { seen = outcome; };
  SUBCASE("before the connection: nothing was sent") {
    rig.get();
    rig.world.pass(milliseconds(102));
    CHECK(rig.client.log == "504 timeout | end");
    REQUIRE(seen);
    CHECK(seen->kind == Outcome::Kind::kPerTryTimeout);
    CHECK_FALSE(seen->anything_sent);
  }
  SUBCASE("before the response") {
    rig.get();
    MemoryPeer& up = rig.accept(0);
    rig.world.pass(milliseconds(99));
    CHECK(rig.client.log.empty());
    rig.world.pass(milliseconds(3));
    CHECK(rig.client.log == "504 timeout | end");
    REQUIRE(seen);
    CHECK(seen->anything_sent);
    CHECK(up.closed());
  }
  SUBCASE("not after it") {
    rig.get();
    MemoryPeer& up = rig.accept(0);
    up.send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n");
    rig.world.pass(hours(1));
    up.send("abc");
    CHECK(rig.client.log == "200 | end");
  }
  rig.finish();
}

TEST_CASE("attempts: peak_ewma hears how long the head of an answer took") {
  ExchangeRig rig(R"(services:
  price:
    protocol: http1
    load_balancing: { policy: peak_ewma }
    endpoints: [ { address: 127.0.0.1:9001 } ]
)");
  const auto learnt_ms = [&] {
    double nanoseconds = 0;
    rig.registry.for_each(
        [&](EndpointState& state) { nanoseconds = state.latency.at(state.now()); });
    return nanoseconds / 1e6;
  };
  SUBCASE("an answer, from the start of the try on") {
    rig.get();
    rig.world.pass(milliseconds(10));
    MemoryPeer& peer = rig.accept(0);
    rig.world.pass(milliseconds(30));
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    CHECK(learnt_ms() == doctest::Approx(40));
    rig.world.pass(milliseconds(10));
    peer.send("ok");
    CHECK(learnt_ms() == doctest::Approx(40).epsilon(0.01));
    rig.finish();
  }
  SUBCASE("none, at once: a second") {
    rig.get();
    rig.world.dialer.fail(0);
    CHECK(learnt_ms() == doctest::Approx(1000));
    rig.finish();
  }
  SUBCASE("none yet, when the client went") {
    rig.get();
    rig.accept(0);
    rig.world.pass(milliseconds(70));
    rig.sink().on_reset(ResetReason::kCancel, "gone");
    rig.finish();
    CHECK(learnt_ms() == doctest::Approx(70));
  }
  SUBCASE("a connection that died of its age says nothing") {
    MemoryPeer& stale = rig.warm_up();
    rig.get();
    rig.world.turn();
    stale.lose();
    REQUIRE(rig.dials() == 2);
    MemoryPeer& fresh = rig.accept(1);
    rig.world.pass(milliseconds(20));
    fresh.send(answer("ok"));
    CHECK(learnt_ms() == doctest::Approx(20));
    rig.finish();
  }
}

TEST_CASE("attempts: a filter chooses the pool") {
  ExchangeRig rig(R"(services:
  price:
    protocol: http1
    endpoints: [ { address: 127.0.0.1:9001 }, { address: 127.0.0.1:9002, labels: { color: red } } ]
    pools: { blue: {} }
)");
  std::string_view color;
  rig.first().attempt = [&](AttemptPlan& plan, RequestHead&) {
    plan.pool = plan.service.find_pool(color, "");
    return Verdict::go();
  };
  struct Case {
    std::string_view color, address, log;
  };
  for (const Case& each :
       {Case{"red", "127.0.0.1:9002", ""}, Case{"green", "127.0.0.1:9001", ""},
        Case{"", "127.0.0.1:9001", ""}, Case{"blue", "", "503 no_endpoint | end"}}) {
    CAPTURE(each.color);
    color = each.color;
    rig.client = ClientWriter();
    const size_t before = rig.dials();
    rig.get();
    CHECK(rig.client.log == each.log);
    if (each.address.empty()) {
      CHECK(rig.dials() == before);
    } else {
      CHECK(rig.world.dialer.calls.back().address == each.address);
      rig.world.dialer.fail(rig.dials() - 1);
    }
    rig.finish();
  }
}

TEST_CASE("replay: not once the upstream has answered anything at all") {
  for (const std::string_view heard : {"HTTP/1.1 103 Early Hints\r\n\r\n", "H", "HTTP/1.1 200 O"}) {
    for (const bool eof : {false, true}) {
      CAPTURE(heard);
      CAPTURE(eof);
      ExchangeRig rig;
      MemoryPeer& stale = rig.warm_up();
      rig.get();
      rig.world.turn();
      stale.send(heard);
      if (eof) {
        stale.send_eof();
      } else {
        stale.lose();
      }
      CHECK(rig.client.log.ends_with("502 upstream_reset | end"));
      CHECK(rig.dials() == 1);
      rig.finish();
    }
  }
}

// An exchange whose request asked for an upgrade that was granted.
struct Tunnel {
  Tunnel() {
    rig.first().request_head = [](RequestHead& head, bool) {
      head.upgrade = "websocket";
      return Verdict::go();
    };
    rig.client.writes_bodies = true;
    rig.get();
    up = &rig.accept(0);
    CHECK(up->take_received().find("upgrade: websocket\r\n") != std::string::npos);
    up->send(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    CHECK(rig.client.log == "101");
  }
  ExchangeRig rig;
  MemoryPeer* up = nullptr;
};

TEST_CASE("tunnel: bytes both ways past the chain, each half ends by itself") {
  Tunnel tunnel;
  ExchangeRig& rig = tunnel.rig;
  rig.log_filters();
  tunnel.up->send("down");
  rig.data("up", false);
  rig.world.turn();
  CHECK(rig.client.log == "101 | down");
  CHECK(tunnel.up->take_received() == "up");
  CHECK(rig.filter_log.empty());
  SUBCASE("the client ends first") {
    rig.data("", true);
    rig.world.turn();
    CHECK(tunnel.up->saw_eof());
    CHECK_FALSE(rig.ended);
    tunnel.up->send("more");
    tunnel.up->send_eof();
    CHECK(rig.client.log == "101 | down | more |  | end");
  }
  SUBCASE("the upstream ends first") {
    tunnel.up->send_eof();
    CHECK(rig.client.log == "101 | down |  | end");
    CHECK_FALSE(rig.ended);
    rig.data("more", false);
    rig.world.turn();
    CHECK(tunnel.up->take_received() == "more");
    rig.data("", true);
  }
  SUBCASE("the upstream is lost") { tunnel.up->lose(); }
  SUBCASE("the client is lost") { rig.sink().on_reset(ResetReason::kConnectionLost, "reset"); }
  SUBCASE("the upstream is lost after its half ended") {
    tunnel.up->send_eof();
    CHECK_FALSE(rig.ended);
    tunnel.up->lose();
  }
  rig.finish();
  CHECK(tunnel.up->closed());
}

TEST_CASE("tunnel: idles out after an hour without a byte") {
  Tunnel tunnel;
  tunnel.rig.world.pass(minutes(59));
  tunnel.up->send("x");
  tunnel.rig.world.pass(minutes(59));
  CHECK_FALSE(tunnel.rig.ended);
  tunnel.rig.data("x", false);
  tunnel.rig.world.pass(minutes(59));
  CHECK_FALSE(tunnel.rig.ended);
  tunnel.rig.world.pass(minutes(2));
  tunnel.rig.finish();
  CHECK(tunnel.rig.client.released == ResetReason::kConnectionLost);
}

TEST_CASE("tunnel: back-pressure both ways") {
  Tunnel tunnel;
  tunnel.rig.client.room = false;
  tunnel.up->send("x");
  CHECK(tunnel.up->reading_held());
  tunnel.rig.client.room = true;
  tunnel.rig.sink().on_writable();
  CHECK_FALSE(tunnel.up->reading_held());
  tunnel.up->accept(0);
  tunnel.rig.data(std::string(64 * 1024 + 1, 'x'), false);
  CHECK(tunnel.rig.client.held);
  tunnel.rig.world.turn();
  tunnel.up->accept(SIZE_MAX);
  CHECK_FALSE(tunnel.rig.client.held);
  tunnel.rig.exchange->abort("done");
  tunnel.rig.finish();
}

}  // namespace
