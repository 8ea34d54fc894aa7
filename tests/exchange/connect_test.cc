// CONNECT: the stream handed over as a connection; opaque bytes relayed to a service.
#include "tests/exchange/rig.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kServices = R"(services:
  price: { protocol: http1, endpoints: [ { address: 127.0.0.1:9001 } ] }
  db: { protocol: tcp, hosts: [db, db.example], endpoints: [ { address: 127.0.0.1:9002 } ] }
  empty: { protocol: tcp, endpoints: [] }
routes:
  - { match: { hosts: [routed] }, to: price }
  - { match: { path: { prefix: / }, hosts: [db] }, respond: { status: 418 } }
)";

// What is inside, read by nobody but the test.
class Inside final : private TransportSink {
 public:
  explicit Inside(ExchangeRig& rig) : rig_(rig) {
    REQUIRE(rig.inside != nullptr);
    rig.inside->start(*this);
    rig.world.turn();
  }
  void write(std::string_view text) {
    Buffer data;
    data.append(rig_.world.blocks, text);
    rig_.inside->write(std::move(data));
    rig_.world.turn();
  }
  std::string log;

 private:
  void on_bytes(Slice bytes) override { log += bytes.view(); }
  void on_eof() override { log += "|"; }
  void on_drained() override { log += "^"; }
  void on_lost(std::string_view why) override { log += "[" + std::string(why) + "]"; }
  ExchangeRig& rig_;
};

struct Connected {
  explicit Connected(bool end = false) {
    rig.client.writes_bodies = true;
    rig.log_filters();
    rig.first().end = [this](const ExchangeInfo& info) {
      told = std::to_string(info.status) + " in=" + std::to_string(info.bytes_received) +
             " out=" + std::to_string(info.bytes_sent) + " " + std::string(info.service) +
             std::string(info.why);
    };
    rig.request("CONNECT", "", end, {}, "price:80");
  }
  ExchangeRig rig{kServices};
  std::string told;
};

TEST_CASE("connect: answered at once, and the stream is a connection") {
  Connected connected;
  ExchangeRig& rig = connected.rig;
  CHECK(rig.client.log == "200");
  CHECK(rig.connected_to == "price:80");
  CHECK(rig.client.held);
  rig.data("early ", false);
  Inside inside(rig);
  CHECK_FALSE(rig.client.held);
  rig.data("up", false);
  CHECK(inside.log == "early up");
  inside.write("down");
  CHECK(rig.client.log == "200 | down");
  rig.data("", true);
  CHECK(inside.log == "early up|");
  CHECK_FALSE(rig.ended);
  Transport::close_after_flush(std::move(rig.inside));
  rig.finish();
  CHECK(rig.client.log == "200 | down |  | end");
  CHECK(rig.client.released == ResetReason::kCancel);
  CHECK(connected.told == "200 in=8 out=4 ");
  CHECK(rig.filter_log == "first.end second.end");  // the chain is for what comes inside
  CHECK(rig.dials() == 0);
}

TEST_CASE("connect: a client that has ended with its head") {
  Connected connected(true);
  Inside inside(connected.rig);
  CHECK(inside.log == "|");
  inside.write("bye");
  Transport::close_after_flush(std::move(connected.rig.inside));
  connected.rig.finish();
}

TEST_CASE("connect: back-pressure both ways") {
  Connected connected;
  ExchangeRig& rig = connected.rig;
  Inside inside(rig);
  rig.inside->set_high_water(2);
  rig.client.room = false;
  inside.write("down");
  CHECK(rig.client.log == "200");
  CHECK(rig.inside->backlog() == 4);
  rig.client.room = true;
  rig.sink().on_writable();
  rig.world.turn();
  CHECK(rig.client.log == "200 | down");
  CHECK(inside.log == "^");
  rig.inside->hold_reading(Hold::kStream, true);
  CHECK(rig.client.held);
  rig.inside.reset();
  rig.finish();
}

TEST_CASE("connect: whoever goes first tells the other") {
  Connected connected;
  ExchangeRig& rig = connected.rig;
  Inside inside(rig);
  SUBCASE("the client is lost") {
    rig.sink().on_reset(ResetReason::kConnectionLost, "reset");
    CHECK(inside.log == "[reset]");
    CHECK(rig.client.released == std::nullopt);
  }
  SUBCASE("the worker stops") {
    rig.exchange->abort("woad is shutting down");
    CHECK(inside.log == "[woad is shutting down]");
  }
  SUBCASE("nothing comes for an hour") {
    rig.world.pass(minutes(61));
    CHECK(inside.log == "[the tunnel was idle for an hour]");
  }
  SUBCASE("fields come") {
    rig.trailers({{"x", "y"}});
    CHECK(inside.log == "[fields came on the stream of a CONNECT]");
  }
  SUBCASE("what is inside is cut") {
    rig.inside->abort_on_destroy();
    Transport::close_after_flush(std::move(rig.inside));
    rig.finish();
    CHECK(rig.client.released == ResetReason::kTunnelLost);
    return;
  }
  rig.finish();
  rig.inside.reset();
}

TEST_CASE("connect: the exchange dies with its connection") {
  Connected connected;
  Inside inside(connected.rig);
  connected.rig.exchange.reset();
  CHECK(inside.log == "[the stream that carries it was closed]");
}

TEST_CASE("connect: bytes either way keep it open") {
  Connected connected;
  Inside inside(connected.rig);
  connected.rig.world.pass(minutes(59));
  inside.write("x");
  connected.rig.world.pass(minutes(59));
  connected.rig.data("x", false);
  connected.rig.world.pass(minutes(59));
  CHECK_FALSE(connected.rig.ended);
  connected.rig.inside.reset();
  connected.rig.finish();
}

TEST_CASE("connect: not inside another one") {
  ExchangeRig rig(kServices);
  rig.caller.headed = std::make_unique<Headed>(Headed{.connect = "price:80"});
  rig.request("CONNECT", "", false, {}, "db:80");
  CHECK(rig.client.log == "405 bad_request close | end");
  CHECK(rig.inside == nullptr);
  rig.finish();
}

TEST_CASE("connect: a request inside goes by its host, or by that of the CONNECT") {
  struct Case {
    std::string_view connect, host, service, route;
  };
  const Case cases[] = {
      {"price:80", "price", "price", ""},    {"nobody:80", "price", "price", ""},
      {"price:80", "nobody", "price", ""},   {"nobody:80", "nobody", "", ""},
      {"PRICE.:1", "nobody:8", "price", ""}, {"routed:80", "nobody", "price", "routes[0]"},
      {"price:80", "db", "", "routes[1]"}};
  for (const Case& each : cases) {
    CAPTURE(each.connect);
    CAPTURE(each.host);
    ExchangeRig rig(kServices);
    std::string service;
    std::string route;
    rig.first().end = [&](const ExchangeInfo& info) {
      service = info.service;
      route = info.route;
    };
    rig.caller.headed = std::make_unique<Headed>(Headed{.connect = std::string(each.connect)});
    rig.request("GET", "/", true, {}, each.host);
    if (!each.service.empty()) rig.accept(0).send(answer(""));
    rig.finish();
    CHECK(service == each.service);
    CHECK(route == each.route);
  }
}

struct Opaque {
  explicit Opaque(std::string_view authority, std::string_view inside = "nobody:1") {
    rig.opaque = true;
    rig.client.writes_bodies = true;
    rig.caller.headed = std::make_unique<Headed>(Headed{.connect = std::string(inside)});
    rig.first().end = [this](const ExchangeInfo& info) {
      told = std::to_string(info.status) + " " + std::string(info.service) + " " +
             std::string(info.upstream_host) + " " + std::string(info.error.info().code) +
             std::string(info.why);
    };
    rig.request("CONNECT", "", false, {}, authority);
  }
  ExchangeRig rig{kServices};
  std::string told;
};

TEST_CASE("opaque: bytes both ways, through the chain as a request, past it as bytes") {
  Opaque opaque("db.example:5432");
  ExchangeRig& rig = opaque.rig;
  rig.log_filters();
  MemoryPeer& up = rig.accept(0);
  CHECK(rig.client.log == "200");
  CHECK(rig.filter_log == "first.outcome second.outcome second.response_head first.response_head");
  up.send("down");
  rig.data("up", false);
  rig.world.turn();
  CHECK(rig.client.log == "200 | down");
  CHECK(up.take_received() == "up");
  rig.data("", true);
  rig.world.turn();
  CHECK(up.saw_eof());
  up.send("more");
  up.send_eof();
  CHECK(rig.client.log == "200 | down | more |  | end");
  rig.finish();
  CHECK(opaque.told == "200 db 127.0.0.1:9002 ");
  CHECK_FALSE(up.was_reset());
  CHECK(up.closed());
}

TEST_CASE("opaque: by the name inside, or by that of the CONNECT, and never by a route") {
  for (const auto& [authority, inside] :
       {std::pair{"db", "nobody:1"}, std::pair{"nobody", "db:1"}, std::pair{"db", "price:1"}}) {
    Opaque opaque(authority, inside);
    CHECK(opaque.rig.world.dialer.calls[0].address == "127.0.0.1:9002");
    opaque.rig.sink().on_reset(ResetReason::kCancel, "enough");
    opaque.rig.finish();
  }
}

TEST_CASE("opaque: nothing is said where it cannot go, and the log says why") {
  struct Case {
    std::string_view authority;
    std::string_view told;
  };
  const Case cases[] = {
      {"nobody",
       "0   no_routeclosed by woad: no service for host nobody, and outbound[].unmatched is "
       "reject"},
      {"empty", "0 empty  no_endpointclosed by woad: service empty has no endpoint in pool base"},
  };
  for (const Case& each : cases) {
    Opaque opaque(each.authority);
    CHECK(opaque.rig.client.log.empty());
    opaque.rig.finish();
    CHECK(opaque.told == each.told);
    CHECK(opaque.rig.dials() == 0);
  }
  Opaque down("db");
  down.rig.world.dialer.fail(0);
  down.rig.world.turn();
  CHECK(down.rig.client.log.empty());
  down.rig.finish();
  CHECK(down.told ==
        "0 db 127.0.0.1:9002 connect_failedclosed by woad: 127.0.0.1:9002: connection refused");
}

TEST_CASE("opaque: a connection is never used again") {
  Opaque opaque("db");
  ExchangeRig& rig = opaque.rig;
  MemoryPeer& up = rig.accept(0);
  rig.data("", true);
  up.send_eof();
  rig.finish();
  CHECK(up.closed());
  rig.client = ClientWriter();
  rig.request("CONNECT", "", false, {}, "db");
  CHECK(rig.dials() == 2);
  rig.sink().on_reset(ResetReason::kCancel, "enough");
  rig.finish();
}

TEST_CASE("opaque: a lost upstream is told to the client by a reset, and the other way round") {
  Opaque opaque("db");
  MemoryPeer& up = opaque.rig.accept(0);
  opaque.rig.data("half", false);
  opaque.rig.world.turn();
  SUBCASE("the upstream") {
    up.lose();
    opaque.rig.finish();
    CHECK(opaque.rig.client.released == ResetReason::kConnectionLost);
    CHECK(opaque.told.find("upstream_reset") != std::string::npos);
  }
  SUBCASE("the client") {
    opaque.rig.sink().on_reset(ResetReason::kConnectionLost, "reset");
    opaque.rig.finish();
    CHECK(up.was_reset());
  }
}

}  // namespace
