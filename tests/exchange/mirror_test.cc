#include "proxy/exchange/mirror.h"

#include <doctest/doctest.h>

#include "tests/exchange/rig.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kMirrored = R"(services:
  price: { protocol: http1, endpoints: [ { address: 127.0.0.1:9001 } ] }
  shadow: { protocol: http1, endpoints: [ { address: 127.0.0.1:9002 } ] }
  nobody: { endpoints: [] }
routes:
  - { match: { path: { prefix: /none } }, to: price, mirror: { service: nobody } }
  - { match: { path: { prefix: /m } }, to: price, mirror: { service: shadow } }
  - { match: { path: { prefix: /half } }, to: price, mirror: { service: shadow, percent: 50% } }
)";

// The dials of one mirrored request, whichever came first.
struct Mirrored {
  explicit Mirrored(std::string_view method = "POST", bool end = false) {
    rig.request(method, "/m", end);
    REQUIRE(rig.dials() == 2);
    shadow = rig.world.dialer.calls[0].address == "127.0.0.1:9002" ? 0 : 1;
    real = 1 - shadow;
  }
  // The real one still works, whatever became of the shadow.
  void check_real() {
    if (rig.world.dialer.calls[real].peer == nullptr) rig.accept(real);
    rig.data("end", true);
    rig.world.turn();
    CHECK(rig.world.dialer.peer(real).received().ends_with("end\r\n0\r\n\r\n"));
    rig.world.dialer.peer(real).send(answer("ok"));
    CHECK(rig.client.log == "200 | end");
    CHECK(rig.client.body == "ok");
    rig.finish();
  }
  ExchangeRig rig{kMirrored};
  size_t shadow = 0;
  size_t real = 0;
};

TEST_CASE("mirror: the shadow gets the same, and its answer is thrown away") {
  Mirrored mirrored;
  ExchangeRig& rig = mirrored.rig;
  MemoryPeer& shadow = rig.accept(mirrored.shadow);
  MemoryPeer& real = rig.accept(mirrored.real);
  rig.data("some", false);
  rig.trailers({{"x-t", "1"}});
  rig.world.turn();
  CHECK(shadow.received().starts_with("POST /m HTTP/1.1\r\n"));
  CHECK(shadow.received().ends_with("4\r\nsome\r\n0\r\nx-t: 1\r\n\r\n"));
  CHECK(real.received() == shadow.received());
  shadow.send(answer("shadow", "500 Internal Server Error"));
  CHECK(rig.client.log.empty());
  real.send(answer("ok"));
  CHECK(rig.client.log == "200 | end");
  CHECK(rig.client.body == "ok");
  rig.finish();
  CHECK_FALSE(shadow.closed());  // its connection is of use again
}

TEST_CASE("mirror: it lives on when the request is over, for its own time") {
  Mirrored mirrored("GET", true);
  ExchangeRig& rig = mirrored.rig;
  MemoryPeer& shadow = rig.accept(mirrored.shadow);
  rig.accept(mirrored.real).send(answer("ok"));
  rig.finish();
  CHECK_FALSE(shadow.closed());
  SUBCASE("answered late") {
    rig.world.pass(seconds(10));
    shadow.send(answer("late"));
    rig.world.turn();
    CHECK_FALSE(shadow.closed());
  }
  SUBCASE("never answered") {
    rig.world.pass(rig.snapshot->exchange_limits.mirror - milliseconds(1));
    CHECK_FALSE(shadow.closed());
    rig.world.pass(milliseconds(2));
    CHECK(shadow.closed());
  }
  CHECK(rig.views_alive == 1);
}

TEST_CASE("mirror: a worker that ends takes its mirrors along") {
  Mirrored mirrored("GET", true);
  ExchangeRig& rig = mirrored.rig;
  rig.accept(mirrored.shadow);
  rig.accept(mirrored.real).send(answer("ok"));
  rig.finish();
  rig.mirrored_views = 1;
}

TEST_CASE("mirror: whatever happens to the shadow, the request goes on") {
  Mirrored mirrored;
  ExchangeRig& rig = mirrored.rig;
  SUBCASE("refused") { rig.world.dialer.fail(mirrored.shadow); }
  SUBCASE("never connected") { rig.world.pass(seconds(20)); }
  SUBCASE("lost") { rig.accept(mirrored.shadow).lose(); }
  SUBCASE("broken answer") { rig.accept(mirrored.shadow).send("what?\r\n\r\n"); }
  SUBCASE("early answer") { rig.accept(mirrored.shadow).send(answer("no", "413 Too Large")); }
  SUBCASE("cut answer") {
    MemoryPeer& shadow = rig.accept(mirrored.shadow);
    shadow.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\na");
    shadow.lose();
  }
  SUBCASE("too slow: given up, not waited for") {
    MemoryPeer& shadow = rig.accept(mirrored.shadow);
    shadow.accept(0);
    rig.accept(mirrored.real);
    for (int i = 0; i < 8; ++i) {
      rig.data(std::string(16 * 1024, 'x'), false);
      rig.world.turn();
      CHECK_FALSE(rig.client.held);
    }
    CHECK(shadow.closed());
  }
  SUBCASE("never connected, and a large body") {
    rig.accept(mirrored.real);
    for (int i = 0; i < 8; ++i) {
      rig.data(std::string(16 * 1024, 'x'), false);
      rig.world.turn();
      CHECK_FALSE(rig.client.held);
    }
  }
  rig.world.turn();
  mirrored.check_real();
}

TEST_CASE("mirror: it goes with a request that its client gives up") {
  Mirrored mirrored;
  ExchangeRig& rig = mirrored.rig;
  MemoryPeer& shadow = rig.accept(mirrored.shadow);
  rig.data("x", false);
  rig.sink().on_reset(ResetReason::kCancel, "gone");
  rig.finish();
  CHECK(shadow.closed());
}

TEST_CASE("mirror: nobody there, and shares") {
  ExchangeRig rig(kMirrored);
  rig.request("GET", "/none", true);
  CHECK(rig.dials() == 1);
  rig.accept(0).send(answer("ok"));
  CHECK(rig.client.log == "200 | end");
  rig.finish();
  int mirrors = 0;
  for (int i = 0; i < 400; ++i) {
    const size_t before = rig.dials();
    rig.client = ClientWriter();
    rig.request("GET", "/half", true);
    mirrors += rig.dials() - before == 1 ? 1 : 0;
    for (size_t dial = before; dial < rig.dials(); ++dial) rig.world.dialer.fail(dial);
    rig.world.dialer.peer(0).send(answer("ok"));
    rig.finish();
  }
  CHECK(mirrors > 150);
  CHECK(mirrors < 250);
}

TEST_CASE("mirror: the copy follows its colour by the shadow's own pools") {
  constexpr std::string_view kColored = R"(services:
  price: { protocol: http1, endpoints: [ { address: 127.0.0.1:9001 } ] }
  shadow:
    protocol: http1
    endpoints: [ { address: 127.0.0.1:9002 }, { address: 127.0.0.1:9003, labels: { color: red } } ]
  strict: { protocol: http1, fallback: none, endpoints: [ { address: 127.0.0.1:9004 } ] }
routes:
  - { match: { path: { prefix: /m } }, to: price, mirror: { service: shadow } }
  - { match: { path: { prefix: /s } }, to: price, mirror: { service: strict } }
)";
  struct Case {
    std::string_view path, color, shadow;
  };
  for (const Case& each :
       {Case{"/m", "red", "127.0.0.1:9003"}, Case{"/m", "red.alice", "127.0.0.1:9003"},
        Case{"/m", "blue", "127.0.0.1:9002"}, Case{"/m", "", "127.0.0.1:9002"},
        Case{"/s", "red", ""}, Case{"/s", "", "127.0.0.1:9004"}}) {
    CAPTURE(each.path);
    CAPTURE(each.color);
    ExchangeRig rig(kColored);
    Fields fields;
    if (!each.color.empty()) fields.emplace_back("x-woad-color", each.color);
    rig.request("GET", each.path, true, fields);
    std::string shadow;
    for (const auto& call : rig.world.dialer.calls) {
      if (call.address != "127.0.0.1:9001") shadow += call.address;
    }
    CHECK(shadow == each.shadow);
    for (size_t dial = 0; dial < rig.dials(); ++dial) rig.world.dialer.fail(dial);
    rig.finish();
  }
}

}  // namespace
