#include "proxy/exchange/mirror.h"

#include <doctest/doctest.h>

#include <map>

#include "tests/exchange/rig.h"
#include "tests/exchange/told_log.h"

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

// How copies for `shadow` have ended, in the metrics: "answered=1 failed=2".
std::string ends(const ExchangeRig& rig) {
  std::map<std::string, int64_t> counts;
  for (const MetricsSnapshot::Series& series : rig.metrics.snapshot().series) {
    if (series.family == Family::kMirrors) counts[series.labels[1]] += series.value;
  }
  std::string all;
  for (const auto& [end, count] : counts) {
    all += (all.empty() ? "" : " ") + end + "=" + std::to_string(count);
  }
  return all;
}

// The dials of one mirrored request, whichever came first.
struct Mirrored {
  explicit Mirrored(std::string_view method = "POST", bool end = false, const Fields& fields = {}) {
    rig.worker.log = &log;
    rig.request(method, "/m", end, fields);
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
  // Sends `size` bytes in pieces, each told apart from its neighbours; the client is never held.
  void upload(size_t size, size_t piece = 16 * 1024) {
    for (size_t sent = 0; sent < size; sent += piece) {
      const auto mark = static_cast<char>('a' + sent / piece % 26);
      rig.data(std::string(std::min(piece, size - sent), mark), false);
      rig.world.turn();
      CHECK_FALSE(rig.client.held);
    }
  }
  ToldLog log;
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
    rig.world.pass(rig.snapshot->exchange_limits.mirror_patience - milliseconds(1));
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
  SUBCASE("never connected") {
    mirrored.upload(10'000);
    rig.world.pass(seconds(20));
  }
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
    mirrored.upload(rig.snapshot->exchange_limits.mirror_behind + 256 * 1024);
    CHECK(shadow.closed());
    CHECK(ends(rig) == "too_slow=1");
    CHECK(mirrored.log.told ==
          "a mirrored request was given up service=shadow result=too_slow "
          "why=more waits for the shadow than a copy may hold\n");
  }
  SUBCASE("never connected, and a large body") {
    rig.accept(mirrored.real);
    mirrored.upload(rig.snapshot->exchange_limits.mirror_behind + 256 * 1024);
    CHECK(ends(rig) == "too_slow=1");
  }
  rig.world.turn();
  mirrored.check_real();
}

// What stands behind the head, without the framing of chunks.
std::string body_of(std::string_view wire) {
  std::string body;
  wire.remove_prefix(wire.find("\r\n\r\n") + 4);
  while (true) {
    const size_t size = std::stoul(std::string(wire.substr(0, wire.find("\r\n"))), nullptr, 16);
    wire.remove_prefix(wire.find("\r\n") + 2);
    if (size == 0) return body;
    body.append(wire.substr(0, size));
    wire.remove_prefix(size + 2);
  }
}

TEST_CASE("mirror: a large body comes whole to a shadow that is behind") {
  Mirrored mirrored;
  ExchangeRig& rig = mirrored.rig;
  MemoryPeer& real = rig.accept(mirrored.real);
  const auto connect = [&] { return &rig.accept(mirrored.shadow); };
  MemoryPeer* shadow = nullptr;
  bool over = false;
  std::string_view ending = "0\r\n\r\n";
  const auto finish_request = [&] {
    real.send(answer("ok"));
    rig.finish();
    over = true;
  };
  SUBCASE("that takes some now and then") {
    shadow = connect();
    shadow->accept(0);
    for (int i = 0; i < 10; ++i) {
      mirrored.upload(300'000);
      shadow->accept(200'000);
      rig.world.pass(seconds(10));
    }
    rig.data("end", true);
  }
  SUBCASE("that is connected late") {
    mirrored.upload(3'000'000);
    shadow = connect();
    rig.data("end", true);
  }
  SUBCASE("in small pieces") {
    mirrored.upload(300'000, 777);
    shadow = connect();
    rig.data("end", true);
  }
  SUBCASE("that takes nothing before the request is over") {
    shadow = connect();
    shadow->accept(0);
    mirrored.upload(3'000'000);
    rig.data("end", true);
    rig.world.turn();
    finish_request();
  }
  SUBCASE("whose trailers wait, too") {
    shadow = connect();
    shadow->accept(0);
    mirrored.upload(3'000'000);
    rig.data("end", false);
    rig.trailers({{"x-t", "1"}});
    ending = "0\r\nx-t: 1\r\n\r\n";
  }
  SUBCASE("with an end that has no data") {
    shadow = connect();
    shadow->accept(0);
    mirrored.upload(3'000'000);
    rig.data("end", false);
    rig.data("", true);
  }
  rig.world.turn();
  for (int i = 0; i < 100; ++i) {
    shadow->accept(100'000);
    rig.world.turn();
  }
  CHECK(shadow->received().ends_with(ending));
  CHECK((body_of(shadow->received()) == body_of(real.received())));
  CHECK_FALSE(shadow->closed());
  shadow->send(answer("late"));
  rig.world.turn();
  CHECK(ends(rig) == "answered=1");
  CHECK(mirrored.log.told.empty());
  if (!over) finish_request();
  CHECK_FALSE(shadow->closed());
}

TEST_CASE("mirror: only a shadow that owes something is given up by the clock") {
  Mirrored mirrored;
  ExchangeRig& rig = mirrored.rig;
  rig.accept(mirrored.real);
  MemoryPeer& shadow = rig.accept(mirrored.shadow);
  mirrored.upload(100'000);
  rig.world.pass(minutes(3));  // the client is slow
  CHECK_FALSE(shadow.closed());
  SUBCASE("it takes no more") {
    shadow.accept(0);
    mirrored.upload(300'000);
    rig.world.pass(rig.snapshot->exchange_limits.mirror_patience - milliseconds(1));
    CHECK_FALSE(shadow.closed());
    rig.world.pass(milliseconds(2));
    CHECK(shadow.closed());
    CHECK(ends(rig) == "timeout=1");
    CHECK(mirrored.log.told.find("takes nothing more") != std::string::npos);
  }
  SUBCASE("it goes on taking") {
    shadow.accept(0);
    mirrored.upload(2'000'000);
    for (int i = 0; i < 10; ++i) {
      rig.world.pass(rig.snapshot->exchange_limits.mirror_patience - seconds(1));
      shadow.accept(150'000);
      rig.world.turn();
    }
    CHECK_FALSE(shadow.closed());
    rig.mirrored_views = 1;
  }
  mirrored.check_real();
}

TEST_CASE("mirror: an answer is read and dropped, whatever its size, and not for ever") {
  Mirrored mirrored("GET", true);
  ExchangeRig& rig = mirrored.rig;
  rig.accept(mirrored.real).send(answer("ok"));
  rig.finish();
  MemoryPeer& shadow = rig.accept(mirrored.shadow);
  shadow.send("HTTP/1.1 200 OK\r\ncontent-length: 20000000\r\n\r\n");
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 199; ++i) shadow.send(piece);
  rig.world.turn();
  CHECK(ends(rig) == "");
  SUBCASE("to its end") {
    shadow.send(piece);
    rig.world.turn();
    CHECK_FALSE(shadow.closed());
  }
  SUBCASE("it has none") {
    rig.world.pass(rig.snapshot->exchange_limits.mirror_patience + milliseconds(1));
    CHECK(shadow.closed());
  }
  CHECK(ends(rig) == "answered=1");
  CHECK(mirrored.log.told.empty());
}

TEST_CASE("mirror: all copies of a worker share one bound") {
  ToldLog log;
  ExchangeRig rig(kMirrored);
  rig.worker.log = &log;
  const std::string piece(256 * 1024, 'x');
  const size_t each = rig.snapshot->exchange_limits.mirror_behind / 2;
  const size_t fit = rig.snapshot->exchange_limits.mirrors_behind / each;
  for (size_t i = 0; i <= fit; ++i) {
    CHECK(ends(rig) == "");
    rig.client = ClientWriter();
    const size_t before = rig.dials();
    rig.request("POST", "/m", false);
    for (size_t dial = before; dial < rig.dials(); ++dial) {
      if (rig.world.dialer.calls[dial].address == "127.0.0.1:9001") rig.accept(dial);
    }
    for (size_t sent = 0; sent < each + 128 * 1024; sent += piece.size()) {
      rig.data(piece, false);
      rig.world.turn();
    }
    rig.data("", true);
    rig.world.turn();
    for (size_t dial = before; dial < rig.dials(); ++dial) {
      if (rig.world.dialer.calls[dial].peer != nullptr) {
        rig.world.dialer.peer(dial).send("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        rig.world.dialer.peer(dial).send_eof();
      }
    }
    rig.finish();
  }
  CHECK(ends(rig) == "too_slow=1");
  CHECK(log.told.find("copies of a worker") != std::string::npos);
  rig.mirrored_views = 1;
}

TEST_CASE("mirror: it goes with a request that its client gives up") {
  Mirrored mirrored;
  ExchangeRig& rig = mirrored.rig;
  MemoryPeer& shadow = rig.accept(mirrored.shadow);
  SUBCASE("at once") {}
  SUBCASE("and what waits for it goes with it") {
    rig.accept(mirrored.real);
    shadow.accept(1000);
    mirrored.upload(300'000);
  }
  rig.data("x", false);
  rig.sink().on_reset(ResetReason::kCancel, "gone");
  rig.finish();
  CHECK(shadow.closed());
  CHECK_FALSE(shadow.received().ends_with("0\r\n\r\n"));  // nobody takes it for whole
  CHECK(ends(rig) == "cancelled=1");
  CHECK(mirrored.log.told.empty());
}

TEST_CASE("mirror: nobody there, and shares") {
  ToldLog log;
  ExchangeRig rig(kMirrored);
  rig.worker.log = &log;
  rig.request("GET", "/none", true);
  CHECK(rig.dials() == 1);
  CHECK(ends(rig) == "failed=1");
  CHECK(log.told.empty());  // it is declared so
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
