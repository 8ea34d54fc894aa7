#include "proxy/upstream/address_race.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proxy/upstream/address_dial.h"
#include "proxy/upstream/balancer.h"
#include "proxy/upstream/stream_race.h"
#include "tests/upstream/fake_dialer.h"

using namespace woad;

namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

// A service of one pool: the addresses of the name app:80, or of none.
struct World : test::PoolWorld {
  explicit World(const std::vector<std::string>& addresses, bool named = true) {
    Pool& pool = service->pool_for("", "");
    if (named) pool.names.push_back("app:80");
    for (const std::string& each : addresses) {
      pool.endpoints.push_back(
          {.address = *Address::parse(each), .name = each, .of_name = named ? 1u : 0u});
    }
    service->channel = test::plain_channel();
    service->finish(table);
  }

  const Pool& pool() const { return service->pools().front(); }
  const Endpoint& at(size_t index) const { return pool().endpoints[index]; }
  LivePool& live() { return live_pools.of(*service, pool()); }
  EndpointHealth& health(size_t index) const { return *at(index).health; }
  size_t dials() const { return dialer.calls.size(); }
  // The last octets of the addresses that were dialed, in order.
  std::string dialed() const {
    std::string all;
    for (const auto& call : dialer.calls) all += (all.empty() ? "" : " ") + call.address;
    return all;
  }
  bool is_passed_over(size_t index) { return passed_over(pool(), at(index), scheduler.now()); }

  HealthTable table;
  std::shared_ptr<Service> service = std::make_shared<Service>("app");
  EndpointRegistry registry{context};
  LivePools live_pools{registry};
};

// Someone with one GET.
struct Asker final : StreamTaker, ResponseSink {
  Asker(World& of, size_t first)
      : own_arena(of.arenas),
        head(own_arena),
        race(of.live(), of.at(first), Protocol::kHttp11, *this) {
    head.method_name = "GET";
    head.authority = "app";
    head.path = "/";
  }
  ~Asker() {
    if (writer != nullptr) writer->release(ResetReason::kCancel);
  }
  Asker& ask(bool fresh = false) {
    race.start(fresh ? Reuse::kNone : Reuse::kAny);
    return *this;
  }

  void on_stream(RequestWriter& given, bool reused) override {
    writer = &given;
    log += (reused ? "reused " : "new ") + race.endpoint().name;
    writer->write_head(head, true);
  }
  void on_no_stream(const DialFailure& failure) override {
    log += std::string(failure.proxy_status) + ", " + failure.message;
  }
  ResponseSink& response_sink() override { return *this; }
  void on_interim(ResponseHead&) override {}
  void on_response(ResponseHead&, bool) override {
    std::exchange(writer, nullptr)->release(ResetReason::kCancel);
  }
  void on_data(Buffer&&, bool) override {}
  void on_trailers(Headers&) override {}
  void on_reset(ResetReason, std::string_view) override {}
  void on_writable() override {}
  Arena& arena() override { return own_arena; }

  Arena own_arena;
  RequestHead head;
  StreamRace race;
  RequestWriter* writer = nullptr;
  std::string log;
};

const std::vector<std::string> kTwo = {"127.0.0.1:80", "[::1]:80"};

TEST_CASE("race: an address that refuses is passed over for the next at once, and remembered") {
  World world(kTwo);
  Asker asker(world, 0);
  asker.ask();
  CHECK(world.dialed() == "127.0.0.1:80");
  world.dialer.fail(0);
  CHECK(world.dialed() == "127.0.0.1:80 [::1]:80");
  CHECK(asker.log.empty());
  world.dialer.accept(1);
  CHECK(asker.log == "new [::1]:80");
  CHECK(world.is_passed_over(0));
  CHECK_FALSE(world.is_passed_over(1));
  CHECK(world.live().active(0) == 0);
  CHECK(world.live().active(1) == 1);
  world.pass(EndpointHealth::kPassedOver);
  CHECK_FALSE(world.is_passed_over(0));
}

TEST_CASE("race: one that says nothing has a head start; the first that gets there wins") {
  World world(kTwo);
  Asker asker(world, 0);
  asker.ask();
  world.pass(AddressRace::kHeadStart - milliseconds(1));
  CHECK(world.dials() == 1);
  world.pass(milliseconds(1));
  CHECK(world.dialed() == "127.0.0.1:80 [::1]:80");
  SUBCASE("the second: the slow one is passed over until it has connected") {
    world.dialer.accept(1);
    CHECK(asker.log == "new [::1]:80");
    CHECK(world.is_passed_over(0));
    world.dialer.accept(0);
    CHECK_FALSE(world.is_passed_over(0));
    CHECK(asker.log == "new [::1]:80");
  }
  SUBCASE("the first after all: the second has done no wrong") {
    world.dialer.accept(0);
    CHECK(asker.log == "new 127.0.0.1:80");
    CHECK_FALSE(world.is_passed_over(0));
    CHECK_FALSE(world.is_passed_over(1));
  }
  SUBCASE("the second refuses: the first goes on") {
    world.dialer.fail(1);
    CHECK(asker.log.empty());
    world.dialer.accept(0);
    CHECK(asker.log == "new 127.0.0.1:80");
  }
}

TEST_CASE("race: when all fail the error has the name and each cause; none is passed over") {
  World world(kTwo);
  Asker asker(world, 1);
  asker.ask();
  world.dialer.fail(0);
  world.dialer.fail(1, "no route to host");
  CHECK(asker.log ==
        "connection_refused, app:80: none of its addresses can be connected to "
        "([::1]:80: connection refused; 127.0.0.1:80: no route to host)");
  CHECK_FALSE(world.is_passed_over(0));
  CHECK_FALSE(world.is_passed_over(1));
  // Nobody waits for a head start of addresses that failed.
  Asker again(world, 0);
  again.ask();
  CHECK(world.dials() == 4);
  world.dialer.accept(2);
  CHECK(again.log == "new 127.0.0.1:80");
}

TEST_CASE("race: a trial costs the request nothing, and only one asks for it") {
  World world(kTwo);
  Asker(world, 0).ask();
  world.dialer.fail(0);
  {
    // A connection that stays warm.
    Asker warm(world, 1);
    warm.ask();
    world.dialer.accept(world.dials() - 1);
    world.turn();
    world.dialer.peer(world.dials() - 1).send(kOk);
    world.turn();
  }
  world.health(0).unreachable(world.scheduler.now() - EndpointHealth::kPassedOver);
  REQUIRE_FALSE(world.is_passed_over(0));
  REQUIRE(world.health(0).doubtful());
  const size_t before = world.dials();
  Asker asker(world, 0);
  asker.ask();
  CHECK(asker.log == "reused [::1]:80");
  REQUIRE(world.dials() == before + 1);
  CHECK(world.is_passed_over(0));  // by the others, until the trial has ended
  SUBCASE("it is back") {
    world.dialer.accept(before);
    CHECK_FALSE(world.health(0).doubtful());
  }
  SUBCASE("it is not") {
    world.dialer.fail(before);
    CHECK(world.is_passed_over(0));
  }
}

TEST_CASE("race: only what cannot be connected to is passed over") {
  for (const auto cause : {DialFailure::Cause::kNotAgreed, DialFailure::Cause::kOurs}) {
    World world(kTwo);
    Asker asker(world, 0);
    asker.ask();
    std::exchange(world.dialer.calls[0].sink, nullptr)
        ->on_dial_failed({"tls_certificate_error", "127.0.0.1:80: no", cause});
    CHECK(asker.log == "tls_certificate_error, 127.0.0.1:80: no");
    CHECK(world.dials() == 1);
    CHECK_FALSE(world.health(0).doubtful());
  }
}

TEST_CASE("race: addresses that are entries of their own are not each other's") {
  World world(kTwo, false);
  Asker asker(world, 0);
  asker.ask();
  world.pass(seconds(1));
  world.dialer.fail(0);
  CHECK(world.dials() == 1);
  CHECK(asker.log == "connection_refused, 127.0.0.1:80: connection refused");
  CHECK_FALSE(world.is_passed_over(0));
}

TEST_CASE("race: families take turns, what failed lately comes last, and there is an end") {
  struct Case {
    std::vector<std::string> addresses;
    size_t first;
    std::vector<size_t> failed;
    std::string order;
  };
  const Case cases[] = {
      {{"1.0.0.1:1", "1.0.0.2:1", "1.0.0.3:1", "[::a]:1", "[::b]:1"},
       0,
       {},
       "1.0.0.1:1 [::a]:1 1.0.0.2:1 [::b]:1 1.0.0.3:1"},
      {{"1.0.0.1:1", "1.0.0.2:1", "[::a]:1"}, 1, {}, "1.0.0.2:1 [::a]:1 1.0.0.1:1"},
      {{"1.0.0.1:1", "1.0.0.2:1", "[::a]:1"}, 0, {2}, "1.0.0.1:1 1.0.0.2:1 [::a]:1"},
      {{"1.0.0.1:1", "1.0.0.2:1", "1.0.0.3:1"}, 1, {}, "1.0.0.2:1 1.0.0.3:1 1.0.0.1:1"},
  };
  for (const Case& each : cases) {
    World world(each.addresses);
    for (const size_t index : each.failed) world.health(index).unreachable(world.scheduler.now());
    Asker asker(world, each.first);
    asker.ask();
    for (size_t i = 0; i < world.dials(); ++i) world.dialer.fail(i);
    CHECK(world.dialed() == each.order);
  }
  // So do those whose answers speak against them.
  World out({"1.0.0.1:1", "1.0.0.2:1", "1.0.0.3:1"});
  Random random{3};
  out.health(1).ejection.eject(out.scheduler.now(), {1, seconds(5), seconds(5), 1}, random);
  Asker first(out, 0);
  first.ask();
  for (size_t i = 0; i < out.dials(); ++i) out.dialer.fail(i);
  CHECK(out.dialed() == "1.0.0.1:1 1.0.0.3:1 1.0.0.2:1");
  std::vector<std::string> many;
  for (int i = 1; i <= 40; ++i) many.push_back("10.0.0." + std::to_string(i) + ":1");
  World world(many);
  Asker asker(world, 39);
  asker.ask();
  for (size_t i = 0; i < world.dials(); ++i) world.dialer.fail(i);
  CHECK(world.dials() == AddressRace::kMostAddresses);
  CHECK(asker.log.starts_with("connection_refused, app:80: none of its addresses"));
}

TEST_CASE("race: given up, nobody sets out any more, and dials under way are kept for others") {
  World world(kTwo);
  {
    Asker asker(world, 0);
    asker.ask();
    world.pass(AddressRace::kHeadStart / 2);
    asker.race.stop();
    world.pass(AddressRace::kHeadStart);
    CHECK(world.dials() == 1);
    world.dialer.accept(0);
    CHECK(asker.log.empty());
  }
  CHECK(world.live().active(0) == 0);
  Asker next(world, 0);
  CHECK(next.ask().log == "new 127.0.0.1:80");
}

TEST_CASE("race: the balancer passes over an address while another of its name may do") {
  World world({"127.0.0.1:80", "127.0.0.2:80", "[::1]:80"});
  Random random{5};
  const auto chosen = [&](size_t index) {
    int times = 0;
    for (int i = 0; i < 300; ++i) {
      const auto accept = [&](const Endpoint& endpoint) {
        return !passed_over(world.pool(), endpoint, world.scheduler.now());
      };
      const Endpoint* at = pick(world.live(), BalancerPolicy::kRoundRobin, random, accept);
      times += at == &world.at(index) ? 1 : 0;
    }
    return times;
  };
  CHECK(chosen(1) == 100);
  world.health(1).unreachable(world.scheduler.now());
  CHECK(chosen(1) == 0);
  CHECK(chosen(0) == 150);
  world.health(0).unreachable(world.scheduler.now());
  CHECK(chosen(2) == 300);
  world.health(2).unreachable(world.scheduler.now());
  CHECK(chosen(1) == 100);
}

struct Caller final : DialSink {
  void on_dialed(Dialed dialed) override { transport = std::move(dialed.transport); }
  void on_dial_failed(DialFailure failure) override { error = failure.message; }
  std::unique_ptr<Transport> transport;
  std::string error;
};

TEST_CASE("race: a dial of its own, for what is no stream") {
  World world(kTwo);
  Caller caller;
  AddressDial dial(world.scheduler, world.dialer, *world.service, world.pool(), world.at(0),
                   caller);
  SUBCASE("refused, then there") {
    world.dialer.fail(0);
    world.dialer.accept(1);
    CHECK(caller.transport != nullptr);
    CHECK(world.is_passed_over(0));
  }
  SUBCASE("silent, then there") {
    world.pass(AddressRace::kHeadStart);
    world.dialer.accept(1);
    CHECK(caller.transport != nullptr);
    CHECK(world.is_passed_over(0));
  }
  SUBCASE("nobody") {
    world.dialer.fail(0);
    world.dialer.fail(1);
    CHECK(caller.error.starts_with("app:80: none of its addresses can be connected to ("));
  }
  caller.transport.reset();
}

}  // namespace
