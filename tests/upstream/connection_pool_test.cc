#include "proxy/upstream/connection_pool.h"

#include <doctest/doctest.h>

#include "tests/support/certificates.h"
#include "tests/upstream/fake_dialer.h"

using namespace woad;

namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

struct World : test::PoolWorld {
  explicit World(Protocol protocol = Protocol::kHttp11,
                 std::shared_ptr<const Channel> channel = test::plain_channel())
      : pool(context, *Address::parse("127.0.0.1:9001"), "127.0.0.1:9001", health, protocol,
             std::move(channel)) {}

  size_t dials() const { return dialer.calls.size(); }
  // "2 active, 1 idle, 0 dialing"
  std::string counts() {
    const ConnectionPool::Counts now = pool.counts();
    return std::to_string(now.active) + " active, " + std::to_string(now.idle) + " idle, " +
           std::to_string(now.dialing) + " dialing";
  }

  EndpointHealth health;
  ConnectionPool pool;
};

// Someone with one GET.
struct Asker final : StreamWaiter, ResponseSink {
  explicit Asker(World& of) : world(of), own_arena(of.arenas), head(own_arena) {
    head.method_name = "GET";
    head.authority = "price";
    head.path = "/";
  }
  ~Asker() { leave(); }

  Asker& ask(Reuse reuse = Reuse::kAny) {
    world.pool.acquire(*this, reuse);
    return *this;
  }
  void leave() {
    if (writer != nullptr) std::exchange(writer, nullptr)->release(ResetReason::kCancel);
  }

  void on_stream(RequestWriter& given, Protocol, bool was_used) override {
    writer = &given;
    log += was_used ? "reused " : "new ";
    writer->write_head(head, true);
  }
  void on_no_stream(const DialFailure& failure) override { log += "no: " + failure.message + " "; }
  ResponseSink& response_sink() override { return *this; }
  void on_interim(ResponseHead&) override {}
  void on_response(ResponseHead& response, bool end) override {
    log += std::to_string(response.status) + " ";
    if (end) leave();
  }
  void on_data(Buffer&&, bool end) override {
    if (end) leave();
  }
  void on_trailers(Headers&) override { leave(); }
  void on_reset(ResetReason reason, std::string_view) override {
    log += "reset(" + std::string(to_string(reason)) + ") ";
    leave();
  }
  void on_writable() override {}
  Arena& arena() override { return own_arena; }

  World& world;
  Arena own_arena;
  RequestHead head;
  RequestWriter* writer = nullptr;
  std::string log;
};

TEST_CASE("pool: dial, use, use again") {
  World world;
  Asker first(world);
  first.ask();
  CHECK(first.log.empty());
  CHECK(first.waits());
  REQUIRE(world.dials() == 1);
  CHECK(world.dialer.calls[0].address == "127.0.0.1:9001");
  CHECK(world.dialer.calls[0].channel->connect_timeout == Duration(seconds(1)));
  CHECK(world.counts() == "0 active, 0 idle, 1 dialing");
  MemoryPeer& peer = world.dialer.accept(0);
  CHECK(first.log == "new ");
  CHECK_FALSE(first.waits());
  CHECK(world.counts() == "1 active, 0 idle, 0 dialing");
  world.turn();
  CHECK(peer.take_received().starts_with("GET / HTTP/1.1\r\n"));
  peer.send(kOk);
  CHECK(first.log == "new 200 ");
  CHECK(world.counts() == "0 active, 1 idle, 0 dialing");
  Asker second(world);
  second.ask();
  CHECK(second.log == "reused ");
  CHECK(world.dials() == 1);
  world.turn();
  peer.send(kOk);
  CHECK(second.log == "reused 200 ");
}

TEST_CASE("pool: the connection that became idle last is used first") {
  World world;
  Asker askers[3] = {Asker(world), Asker(world), Asker(world)};
  for (Asker& asker : askers) asker.ask();
  REQUIRE(world.dials() == 3);
  for (size_t i = 0; i < 3; ++i) world.dialer.accept(i);
  world.turn();
  for (const size_t i : {0u, 2u, 1u}) world.dialer.peer(i).send(kOk);
  world.turn();
  CHECK(world.counts() == "0 active, 3 idle, 0 dialing");
  for (const size_t expected : {1u, 2u, 0u}) {
    for (size_t i = 0; i < 3; ++i) world.dialer.peer(i).take_received();
    askers[expected].ask();
    world.turn();
    for (size_t i = 0; i < 3; ++i) {
      CHECK(world.dialer.peer(i).take_received().empty() == (i != expected));
    }
  }
  CHECK(world.dials() == 3);
}

TEST_CASE("pool: whoever waits takes the first connection that comes free") {
  World world;
  Asker running(world);
  Asker waiting(world);
  running.ask();
  MemoryPeer& peer = world.dialer.accept(0);
  world.turn();
  waiting.ask();
  REQUIRE(world.dials() == 2);
  peer.send(kOk);
  CHECK(running.log == "new 200 ");
  CHECK(waiting.log == "reused ");
  world.dialer.accept(1);
  CHECK(world.counts() == "1 active, 1 idle, 0 dialing");
  world.turn();
  peer.send(kOk);
  CHECK(waiting.log == "reused 200 ");
}

TEST_CASE("pool: waiters are served in order, and one that left is not") {
  World world;
  Asker running(world);
  running.ask();
  MemoryPeer& peer = world.dialer.accept(0);
  world.turn();
  Asker a(world);
  Asker b(world);
  Asker c(world);
  a.ask();
  b.ask();
  c.ask();
  CHECK(world.dials() == 4);
  b.stop_waiting();
  CHECK_FALSE(b.waits());
  for (Asker* next : {&a, &c}) {
    CHECK(next->log.empty());
    peer.send(kOk);
    CHECK(next->log == "reused ");
    world.turn();
  }
  peer.send(kOk);
  CHECK(b.log.empty());
}

TEST_CASE("pool: one failed dial speaks for all who wait") {
  World world;
  Asker a(world);
  Asker b(world);
  a.ask();
  b.ask(Reuse::kNone);
  REQUIRE(world.dials() == 2);
  world.dialer.fail(0);
  CHECK(a.log == "no: 127.0.0.1:9001: connection refused ");
  CHECK(b.log == a.log);
  CHECK(world.dials() == 2);
  world.turn();
  // The other dial may still end well.
  world.dialer.accept(1);
  CHECK(world.counts() == "0 active, 1 idle, 0 dialing");
  Asker c(world);
  c.ask();
  CHECK(c.log == "new ");
}

TEST_CASE("pool: with nowhere else to go, a failed dial speaks for those who waited for it") {
  World world(Protocol::kHttp11, std::make_shared<const Channel>(
                                     Channel{.connect_timeout = seconds(1), .sole_address = true}));
  Asker first(world);
  Asker second(world);
  first.ask();
  world.pass(milliseconds(1));
  second.ask();
  REQUIRE(world.dials() == 2);
  SUBCASE("who waited longer hears it, too") {
    world.dialer.fail(1);
    CHECK(first.log == "no: 127.0.0.1:9001: connection refused ");
    CHECK(second.log == first.log);
    CHECK(world.counts() == "0 active, 0 idle, 1 dialing");
  }
  SUBCASE("who came later waits on") {
    world.dialer.fail(0);
    CHECK(first.log == "no: 127.0.0.1:9001: connection refused ");
    CHECK(second.log.empty());
    CHECK(world.dials() == 2);
    SUBCASE("and gets a connection") {
      world.dialer.accept(1);
      CHECK(second.log == "new ");
    }
    SUBCASE("and fails by its own") {
      world.dialer.fail(1);
      CHECK(second.log == first.log);
    }
  }
  SUBCASE("whose dial serves who came first: the other's is dialed anew") {
    world.dialer.accept(1);
    CHECK(first.log == "new ");
    world.dialer.fail(0);
    CHECK(second.log.empty());
    REQUIRE(world.dials() == 3);
    world.dialer.accept(2);
    CHECK(second.log == "new ");
  }
}

TEST_CASE("pool: fresh means a connection that has carried nothing") {
  World world;
  Asker first(world);
  first.ask();
  MemoryPeer& used = world.dialer.accept(0);
  world.turn();
  Asker plain(world);
  Asker fresh(world);
  SUBCASE("while the used one is idle") {
    used.send(kOk);
    fresh.ask(Reuse::kNone);
    CHECK(fresh.waits());
    CHECK(world.dials() == 2);
    plain.ask();
    CHECK(plain.log == "reused ");
    CHECK(fresh.waits());
    world.dialer.accept(1);
    CHECK(fresh.log == "new ");
  }
  SUBCASE("when the used one comes free while both kinds wait") {
    fresh.ask(Reuse::kNone);
    plain.ask();
    CHECK(world.dials() == 3);
    used.send(kOk);
    CHECK(plain.log == "reused ");
    CHECK(fresh.waits());
    world.dialer.accept(1);
    CHECK(fresh.log == "new ");
  }
}

TEST_CASE("pool: what may not go twice does not go to a peer that has ended") {
  World world;
  Asker first(world);
  Asker second(world);
  first.ask();
  second.ask();
  MemoryPeer& older = world.dialer.accept(0);
  MemoryPeer& newer = world.dialer.accept(1);
  world.turn();
  older.send(kOk);
  newer.send(kOk);
  first.leave();
  second.leave();
  world.turn();
  newer.unread_end = true;
  Asker post(world);
  SUBCASE("another one is idle") {
    post.ask(Reuse::kOnlySilent);
    CHECK(post.log == "reused ");
    world.turn();
    CHECK_FALSE(older.received().empty());
    CHECK(world.counts() == "1 active, 1 idle, 0 dialing");
  }
  SUBCASE("none is") {
    older.unread_end = true;
    post.ask(Reuse::kOnlySilent);
    CHECK(post.waits());
    CHECK(world.counts() == "0 active, 2 idle, 1 dialing");
    world.dialer.accept(2);
    CHECK(post.log == "new ");
  }
  SUBCASE("others do not ask") {
    post.ask();
    CHECK(post.log == "reused ");
    CHECK(world.dials() == 2);
  }
}

TEST_CASE("pool: who waits and may not go twice is not given one that becomes idle at its end") {
  World world;
  Asker first(world);
  first.ask();
  MemoryPeer& used = world.dialer.accept(0);
  world.turn();
  Asker post(world);
  post.ask(Reuse::kOnlySilent);
  REQUIRE(world.dials() == 2);
  SUBCASE("its end has come with the answer") {
    used.unread_end = true;
    used.send(kOk);
    CHECK(post.waits());
    world.dialer.accept(1);
    CHECK(post.log == "new ");
  }
  SUBCASE("it goes on") {
    used.send(kOk);
    CHECK(post.log == "reused ");
  }
}

TEST_CASE("pool: how long an idle connection is kept") {
  struct Case {
    std::string_view keep_alive;
    Duration kept;
  };
  const Case cases[] = {{"", kIdleHttp1},
                        {"timeout=60", seconds(59)},
                        {"timeout=2", seconds(1)},
                        {"timeout=1", milliseconds(100)}};
  for (const Case& each : cases) {
    CAPTURE(each.keep_alive);
    World world;
    Asker asker(world);
    asker.ask();
    MemoryPeer& peer = world.dialer.accept(0);
    world.turn();
    std::string answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n";
    if (!each.keep_alive.empty()) answer += "keep-alive: " + std::string(each.keep_alive) + "\r\n";
    peer.send(answer + "\r\n");
    world.pass(each.kept - milliseconds(1));
    CHECK(world.counts() == "0 active, 1 idle, 0 dialing");
    world.pass(milliseconds(2));
    CHECK(world.pool.empty());
    CHECK(peer.closed());
  }
}

TEST_CASE("pool: a connection in use does not idle out, and its next wait is a new one") {
  World world;
  Asker asker(world);
  asker.ask();
  MemoryPeer& peer = world.dialer.accept(0);
  world.turn();
  world.pass(minutes(10));
  CHECK(world.counts() == "1 active, 0 idle, 0 dialing");
  peer.send(kOk);
  world.pass(kIdleHttp1 - milliseconds(5));
  asker.ask();
  world.pass(kIdleHttp1);
  CHECK(world.counts() == "1 active, 0 idle, 0 dialing");
  peer.send(kOk);
  world.pass(kIdleHttp1 - milliseconds(5));
  CHECK_FALSE(world.pool.empty());
  world.pass(milliseconds(6));
  CHECK(world.pool.empty());
}

TEST_CASE("pool: what ends an idle connection ends it alone") {
  World world;
  Asker asker(world);
  asker.ask();
  MemoryPeer& peer = world.dialer.accept(0);
  world.turn();
  peer.send(kOk);
  SUBCASE("FIN") { peer.send_eof(); }
  SUBCASE("RST") { peer.lose(); }
  SUBCASE("bytes nobody asked for") { peer.send("HTTP/1.1 200 OK\r\n"); }
  world.turn();
  CHECK(world.pool.empty());
  CHECK(peer.closed());
  asker.ask();
  CHECK(world.dials() == 2);
}

TEST_CASE("pool: a dead connection's waiters get another one") {
  World world;
  Asker running(world);
  running.ask();
  MemoryPeer& peer = world.dialer.accept(0);
  world.turn();
  Asker waiting(world);
  waiting.ask();
  REQUIRE(world.dials() == 2);
  peer.lose();
  CHECK(running.log == "new reset(connection lost) ");
  world.turn();
  CHECK(waiting.waits());
  world.dialer.accept(1);
  CHECK(waiting.log == "new ");
}

TEST_CASE("pool: drain") {
  World world;
  Asker running(world);
  Asker done(world);
  running.ask();
  done.ask();
  world.dialer.accept(0);
  world.dialer.accept(1);
  world.turn();
  world.dialer.peer(1).send(kOk);
  Asker none(world);
  none.ask(Reuse::kNone);
  none.stop_waiting();
  CHECK(world.counts() == "1 active, 1 idle, 1 dialing");
  world.pool.drain();
  world.turn();
  CHECK(world.dialer.peer(1).closed());
  CHECK(world.dialer.calls[2].given_up);
  CHECK(world.counts() == "1 active, 0 idle, 0 dialing");
  CHECK_FALSE(world.pool.empty());
  world.dialer.peer(0).send(kOk);
  world.turn();
  CHECK(running.log == "new 200 ");
  CHECK(world.pool.empty());
  CHECK(world.dialer.peer(0).closed());
}

TEST_CASE("pool: HTTP/2 streams share one connection up to the limit") {
  World world(Protocol::kHttp2);
  world.context.limits.concurrent_streams = 3;
  Asker askers[4] = {Asker(world), Asker(world), Asker(world), Asker(world)};
  for (Asker& asker : askers) asker.ask();
  CHECK(world.dials() == 1);
  world.dialer.accept(0);
  CHECK(askers[0].log == "new ");
  CHECK(askers[1].log == "reused ");
  CHECK(askers[2].log == "reused ");
  CHECK(askers[3].waits());  // for whichever comes first: room, or the connection that is dialed
  CHECK(world.counts() == "1 active, 0 idle, 1 dialing");
  world.turn();
  CHECK(world.dialer.peer(0).take_received().starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  askers[1].leave();
  world.turn();
  CHECK(askers[3].log == "reused ");
  Asker more(world);
  more.ask();
  CHECK(more.waits());
  CHECK(world.dials() == 2);
}

TEST_CASE("pool: of two HTTP/2 connections the fuller one takes the next stream") {
  World world(Protocol::kHttp2);
  world.context.limits.concurrent_streams = 3;
  Asker askers[4] = {Asker(world), Asker(world), Asker(world), Asker(world)};
  for (Asker& asker : askers) asker.ask();
  world.dialer.accept(0);
  world.dialer.accept(1);
  world.turn();
  CHECK(world.counts() == "2 active, 0 idle, 0 dialing");
  askers[0].leave();
  world.turn();
  askers[3].leave();  // the only one on the second, which has room from now on, as the first has
  world.turn();
  Asker more(world);
  more.ask();
  CHECK(world.counts() == "1 active, 1 idle, 0 dialing");
  world.pass(ConnectionPool::kIdleHttp2 + seconds(1));
  CHECK_FALSE(world.dialer.peer(0).closed());
  CHECK(world.dialer.peer(1).closed());
}

// Told of at the end of the turn; who asks before that must not be left on it.
TEST_CASE("pool: an HTTP/2 connection that ends in this turn takes nobody more") {
  struct Case {
    std::string_view what, frames;
    bool eof;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"closed", "", true},
      {"GOAWAY", "\0\0\0\4\0\0\0\0\0\0\0\10\7\0\0\0\0\0\0\0\0\1\0\0\0\0"sv, false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    World world(Protocol::kHttp2);
    Asker first(world);
    first.ask();
    MemoryPeer& peer = world.dialer.accept(0);
    world.turn();
    peer.send(each.frames);
    if (each.eof) peer.send_eof();
    Asker second(world);
    second.ask();
    CHECK(second.waits());
    REQUIRE(world.dials() == 2);
    world.turn();
    world.dialer.accept(1);
    CHECK(second.log == "new ");
  }
}

TEST_CASE("pool: all who want a fresh HTTP/2 connection share the new one") {
  World world(Protocol::kHttp2);
  Asker askers[3] = {Asker(world), Asker(world), Asker(world)};
  for (Asker& asker : askers) asker.ask(Reuse::kNone);
  CHECK(world.dials() == 1);
  world.dialer.accept(0);
  for (Asker& asker : askers) CHECK_FALSE(asker.waits());
  CHECK(world.dials() == 1);
}

TEST_CASE("pool: an idle HTTP/2 connection is kept for a minute") {
  World world(Protocol::kHttp2);
  Asker asker(world);
  asker.ask();
  MemoryPeer& peer = world.dialer.accept(0);
  asker.leave();
  world.turn();
  world.pass(ConnectionPool::kIdleHttp2 - seconds(1));
  CHECK_FALSE(peer.closed());
  world.pass(seconds(2));
  CHECK(peer.closed());
  CHECK(world.pool.empty());
}

TEST_CASE("pool: its end takes waiters and connections along") {
  auto world = std::make_unique<World>();
  Asker running(*world);
  Asker waiting(*world);
  running.ask();
  world->dialer.accept(0);
  waiting.ask();
  running.leave();
  waiting.stop_waiting();
  {
    Asker forgotten(*world);
    ConnectionPool other(world->context, *Address::parse("127.0.0.1:9002"), "127.0.0.1:9002",
                         world->health, Protocol::kHttp11, test::plain_channel());
    other.acquire(forgotten, Reuse::kAny);
    CHECK(forgotten.waits());
    forgotten.stop_waiting();
  }
  CHECK(world->dialer.calls.back().given_up);
}

std::shared_ptr<const Channel> tls_channel(bool needs_http2 = false) {
  static const test::Issued root = issue(test::ca_spec("root"));
  const auto trust = TlsMaterial::trust({"ca.crt", root.certificate});
  const auto context = TlsContext::make(*trust);
  return std::make_shared<const Channel>(
      Channel{.connect_timeout = seconds(1),
              .tls = *context,
              .tls_options = std::make_shared<const TlsClientOptions>(),
              .needs_http2 = needs_http2});
}

TEST_CASE("pool: over TLS the handshake tells what is spoken") {
  struct Case {
    std::string_view alpn;
    std::string_view begins;
  };
  for (const Case& each : {Case{"h2", "PRI * HTTP/2.0"}, Case{"http/1.1", "GET / HTTP/1.1"},
                           Case{"", "GET / HTTP/1.1"}}) {
    CAPTURE(each.alpn);
    World world(Protocol::kHttp2, tls_channel());
    Asker asker(world);
    asker.ask();
    MemoryPeer& peer = world.dialer.accept(0, each.alpn);
    CHECK(asker.log == "new ");
    world.turn();
    CHECK(peer.take_received().starts_with(each.begins));
  }
}

TEST_CASE(
    "pool: who counted on streams of an HTTP/2 connection gets connections when there are none") {
  World world(Protocol::kHttp2, tls_channel());
  Asker askers[3] = {Asker(world), Asker(world), Asker(world)};
  for (Asker& asker : askers) asker.ask();
  CHECK(world.dials() == 1);
  world.dialer.accept(0, "http/1.1");
  CHECK(askers[0].log == "new ");
  CHECK(world.dials() == 3);
  world.dialer.accept(1, "http/1.1");
  world.dialer.accept(2, "http/1.1");
  for (Asker& asker : askers) CHECK(asker.log == "new ");
}

TEST_CASE("pool: a server that does not agree on HTTP/2 is refused where it must") {
  for (const std::string_view alpn : {"", "http/1.1"}) {
    World world(Protocol::kHttp2, tls_channel(true));
    Asker asker(world);
    asker.ask();
    MemoryPeer& peer = world.dialer.accept(0, alpn);
    CHECK(asker.log.starts_with("no: 127.0.0.1:9001: the server did not agree on h2"));
    world.turn();
    CHECK(peer.received().empty());
    CHECK(peer.closed());
    CHECK(world.pool.empty());
  }
}

TEST_CASE("pool: a connection drains when its certificate ends, and is cut when nobody trusts it") {
  World world(Protocol::kHttp11, tls_channel());
  const WallTime end = world.scheduler.wall() + minutes(10);
  Asker idle(world);
  Asker busy(world);
  idle.ask();
  busy.ask();
  MemoryPeer& idle_peer = world.dialer.accept(0, "http/1.1", end + minutes(5));
  MemoryPeer& busy_peer = world.dialer.accept(1, "http/1.1", end);
  world.turn();
  idle_peer.send(kOk);
  world.pass(minutes(10) - seconds(1));
  CHECK_FALSE(busy_peer.closed());
  world.pass(seconds(2));
  CHECK(world.counts() == "1 active, 0 idle, 0 dialing");
  CHECK_FALSE(busy_peer.closed());
  world.pass(kClockSkew);
  CHECK(busy_peer.closed());
  CHECK(busy.log == "new reset(connection lost) ");
}

TEST_CASE("pool: a drained connection ends with its stream") {
  World world(Protocol::kHttp2);
  Asker running(world);
  running.ask();
  MemoryPeer& peer = world.dialer.accept(0);
  world.turn();
  world.pool.drain();
  Asker later(world);
  later.ask();
  CHECK(world.dials() == 2);
  CHECK_FALSE(peer.closed());
  running.leave();
  world.turn();
  CHECK(peer.closed());
}

TEST_CASE("pool: what runs on a drained connection is cut after an hour") {
  World world;
  Asker running(world);
  running.ask();
  MemoryPeer& peer = world.dialer.accept(0);
  world.turn();
  world.pool.drain();
  world.pass(ConnectionAge::kReplaced - seconds(1));
  CHECK_FALSE(peer.closed());
  world.pass(seconds(2));
  CHECK(peer.closed());
  CHECK(running.log == "new reset(connection lost) ");
}

}  // namespace
