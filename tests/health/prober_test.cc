#include "proxy/health/prober.h"

#include <doctest/doctest.h>

#include "tests/upstream/fake_dialer.h"

namespace woad {
namespace {

constexpr std::string_view kGood = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
constexpr std::string_view kBad = "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n";
const HealthCheck kCheck{.kind = HealthCheck::Kind::kHttp,
                         .target = "/healthz",
                         .host = "price",
                         .interval = seconds(1),
                         .timeout = milliseconds(500),
                         .unhealthy_after = 3,
                         .healthy_after = 2};

struct World : test::PoolWorld {
  World() { table = std::make_shared<HealthTable>(); }

  // A snapshot with one service of these endpoints; the last one becomes the newest.
  void adopt(const std::vector<std::string>& endpoints, const HealthCheck& check = kCheck) {
    service = std::make_shared<Service>("price");
    service->health_check = check;
    service->channel = channel;
    for (const std::string& address : endpoints) {
      service->pool_for("", "").endpoints.push_back(
          {.address = *Address::parse(address), .name = address});
    }
    service->finish(*table);
    auto next = std::make_shared<Snapshot>();
    next->services.push_back(std::make_shared<ServiceEntry>(service));
    prober.adopt(*next);
    snapshot = std::move(next);
    turn();
  }
  const Endpoint& endpoint(size_t index = 0) { return service->pools()[0].endpoints[index]; }

  // Lets time pass until an endpoint is asked; "" when nobody is within so long.
  std::string next_question(Duration within = seconds(3)) {
    for (Duration passed{}; passed < within; passed += milliseconds(20)) {
      pass(milliseconds(20));
      for (size_t i = 0; i < dialer.calls.size(); ++i) {
        if (dialer.calls[i].sink != nullptr) dialer.accept(i);
      }
      turn();
      for (auto& call : dialer.calls) {
        if (call.peer == nullptr) continue;
        std::string asked = call.peer->take_received();
        if (asked.empty()) continue;
        peer = call.peer.get();
        return asked;
      }
    }
    return "";
  }
  void answer(std::string_view bytes) {
    peer->send(bytes);
    turn();
  }
  void round(std::string_view bytes) {
    REQUIRE(next_question().starts_with("GET /healthz "));
    answer(bytes);
  }
  int64_t counted(std::string_view result) {
    for (const auto& series : metrics.snapshot().series) {
      if (series.family == Family(kHealthChecks) && series.labels[1] == result) return series.value;
    }
    return 0;
  }

  std::shared_ptr<HealthTable> table;
  std::shared_ptr<const Channel> channel = test::plain_channel();
  WorkerMetrics metrics;
  Prober prober{scheduler, blocks, dialer, metrics, 1};
  std::shared_ptr<Service> service;
  std::shared_ptr<const Snapshot> snapshot;
  MemoryPeer* peer = nullptr;
};

TEST_CASE("prober: so many failures in a row, so many good ones") {
  World world;
  world.adopt({"127.0.0.1:9001"});
  struct Step {
    std::string_view answer;
    bool healthy;
  };
  const Step steps[] = {{kBad, true},   {kBad, true},  {kGood, true},  {kBad, true},
                        {kBad, true},   {kBad, false}, {kGood, false}, {kBad, false},
                        {kGood, false}, {kGood, true}};
  for (const Step& step : steps) {
    world.round(step.answer);
    CHECK(world.endpoint().unhealthy() == !step.healthy);
  }
  CHECK(world.counted("good") == 4);
  CHECK(world.counted("failed") == 6);
}

TEST_CASE("prober: no answer in time is a failure, and what comes later is nothing") {
  World world;
  world.adopt({"127.0.0.1:9001"});
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(world.endpoint().unhealthy());
    REQUIRE_FALSE(world.next_question().empty());
    world.pass(milliseconds(600));
    world.answer(kGood);
  }
  CHECK(world.endpoint().unhealthy());
  CHECK(world.counted("good") == 0);
}

TEST_CASE("prober: who answers well is asked seldom, who is ejected always") {
  World world;
  world.adopt({"127.0.0.1:9001"});
  const auto busy_rounds = [&] {
    for (int i = 0; i < 40; ++i) {
      world.endpoint().health->answered(world.scheduler.now());
      if (!world.next_question(milliseconds(400)).empty()) world.answer(kGood);
    }
  };
  busy_rounds();
  const int64_t spared = world.counted("spared");
  CHECK(spared > world.counted("good"));
  CHECK(world.counted("good") > 2);
  const EjectionRules rules{1, seconds(60), seconds(60), 1};
  world.endpoint().health->ejection.eject(world.scheduler.now(), rules,
                                          *std::make_unique<Random>(1));
  busy_rounds();
  CHECK(world.counted("spared") == spared);
}

TEST_CASE("prober: a reload keeps what is known, asks by what is new, and lets go") {
  World world;
  world.adopt({"127.0.0.1:9001"});
  for (int i = 0; i < 3; ++i) world.round(kBad);
  CHECK(world.endpoint().unhealthy());

  world.adopt({"127.0.0.1:9001", "127.0.0.1:9002"});
  CHECK(world.prober.endpoints() == 2);
  CHECK(world.endpoint().unhealthy());
  CHECK_FALSE(world.endpoint(1).unhealthy());

  HealthCheck other = kCheck;
  other.target = "/ready";
  other.healthy_after = 1;
  world.adopt({"127.0.0.1:9001"}, other);
  CHECK(world.prober.endpoints() == 1);
  CHECK(world.endpoint().unhealthy());
  REQUIRE(world.next_question().starts_with("GET /ready "));
  world.answer(kGood);
  CHECK_FALSE(world.endpoint().unhealthy());

  world.adopt({});
  CHECK(world.prober.endpoints() == 0);
  CHECK(world.next_question() == "");
}

TEST_CASE("prober: a reload in the middle of a probe") {
  World world;
  world.adopt({"127.0.0.1:9001"});
  REQUIRE_FALSE(world.next_question().empty());
  world.adopt({});
  world.answer(kGood);
  world.adopt({"127.0.0.1:9001"});
  REQUIRE_FALSE(world.next_question().empty());
  world.channel = test::plain_channel();  // other certificates, say
  world.adopt({"127.0.0.1:9001"});
  world.answer(kGood);
  CHECK(world.counted("good") == 1);
  world.round(kGood);
  CHECK(world.counted("good") == 2);
}

TEST_CASE("prober: an address in two pools is asked once") {
  World world;
  world.adopt({"127.0.0.1:9001", "127.0.0.1:9001"});
  CHECK(world.prober.endpoints() == 1);
}

TEST_CASE("prober: tcp") {
  World world;
  HealthCheck tcp = kCheck;
  tcp.kind = HealthCheck::Kind::kTcp;
  world.adopt({"127.0.0.1:9001"}, tcp);
  const auto round = [&](bool good) {
    const size_t before = world.dialer.calls.size();
    while (world.dialer.calls.size() == before) world.pass(milliseconds(20));
    if (good) {
      MemoryPeer& peer = world.dialer.accept_last();
      world.turn();
      CHECK(peer.closed());
    } else {
      world.dialer.fail(before);
      world.turn();
    }
  };
  for (int i = 0; i < 3; ++i) round(false);
  CHECK(world.endpoint().unhealthy());
  for (int i = 0; i < 2; ++i) round(true);
  CHECK_FALSE(world.endpoint().unhealthy());
}

}  // namespace
}  // namespace woad
