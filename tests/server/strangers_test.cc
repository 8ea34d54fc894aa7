// What a client without identity may not do: send by and by, take nothing, come when there is no
// memory.
#include "proxy/server/memory_watch.h"
#include "tests/server/inbound_rig.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kPost =
    "POST / HTTP/1.1\r\nhost: price\r\ncontent-length: 100000\r\n\r\n";

int64_t hostile(InboundRig& rig, Hostile kind) {
  return static_cast<int64_t>(rig.worker().metrics.hostile()[static_cast<size_t>(kind)]);
}

TEST_CASE("strangers: a body that comes by and by") {
  struct Case {
    std::string_view what;
    size_t every_second;
    bool identity;
    std::string_view type;
    bool cut;
  };
  for (const Case& each : {
           Case{"slow", 10, false, "text/plain", true},
           Case{"fast enough", 600, false, "text/plain", false},
           Case{"slow, and known", 10, true, "text/plain", false},
           Case{"slow gRPC", 10, false, "application/grpc", false},
       }) {
    CAPTURE(each.what);
    InboundRig rig("mtls: permissive");
    const std::string head =
        "POST / HTTP/1.1\r\nhost: price\r\ncontent-type: " + std::string(each.type) +
        "\r\ncontent-length: 100000\r\n\r\n";
    std::optional<TlsClient> known;
    MemoryPeer* plain = nullptr;
    if (each.identity) {
      known.emplace(rig);
    } else {
      plain = &rig.client();
    }
    const auto send = [&](std::string_view bytes) {
      if (plain == nullptr) {
        known->send(bytes);
      } else {
        plain->send(bytes);
      }
    };
    send(head);
    rig.world.turn();
    rig.app();
    for (int i = 0; i < 60; ++i) {
      rig.world.pass(seconds(1));
      if (plain != nullptr && !plain->received().empty()) break;
      send(std::string(each.every_second, 'x'));
    }
    rig.world.turn();
    CHECK(hostile(rig, Hostile::kSlowBody) == (each.cut ? 1 : 0));
    if (plain != nullptr) {
      CHECK(plain->received().starts_with("HTTP/1.1 408") == each.cut);
      CHECK((plain->received().find("slower than 500 bytes a second") != std::string::npos) ==
            each.cut);
    }
  }
}

TEST_CASE("strangers: a request that is answered may go on as slowly as it likes") {
  InboundRig rig("mtls: permissive");
  MemoryPeer& client = rig.client();
  client.send(kPost);
  rig.world.turn();
  rig.app().send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n");
  rig.world.turn();
  rig.world.pass(minutes(2));
  CHECK(client.received().starts_with("HTTP/1.1 200"));
  CHECK(hostile(rig, Hostile::kSlowBody) == 0);
}

TEST_CASE("strangers: who takes nothing of an answer") {
  for (const bool takes : {false, true}) {
    CAPTURE(takes);
    InboundRig rig("mtls: permissive");
    MemoryPeer& client = rig.client();
    client.accept(100);
    client.send("GET / HTTP/1.1\r\nhost: price\r\n\r\n");
    rig.world.turn();
    rig.app().send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + std::string(1000, 'x'));
    rig.world.turn();
    for (Duration passed{}; passed <= StallCount::kLongest && rig.connected();
         passed += StallCount::kEvery) {
      rig.connection().look_for_stall();
      rig.world.turn();
      if (takes) client.accept(1);
    }
    CHECK(rig.connected() == takes);
    CHECK(client.was_reset() == !takes);
    CHECK(hostile(rig, Hostile::kSlowReader) == (takes ? 0 : 1));
  }
}

TEST_CASE("strangers: nothing to take is no stall") {
  InboundRig rig("mtls: permissive");
  rig.client().send("GET / HTTP/1.1\r\nhost: price\r\n\r\n");
  rig.world.turn();
  for (int i = 0; i < 20; ++i) rig.connection().look_for_stall();
  CHECK(hostile(rig, Hostile::kSlowReader) == 0);
}

TEST_CASE("memory: over the ceiling new requests are refused, and those that run finish") {
  InboundRig rig("mtls: permissive");
  ProcessMemory memory;
  rig.worker().memory = &memory;
  size_t held = 100;
  MemoryWatch watch(rig.world.scheduler, memory, 1000, [&](size_t) { return held; });
  watch.start();
  MemoryPeer& first = rig.client();
  first.send("GET / HTTP/1.1\r\nhost: price\r\n\r\n");
  rig.world.turn();
  MemoryPeer& app = rig.app();
  held = 1001;
  rig.world.pass(MemoryWatch::kEvery + milliseconds(1));
  MemoryPeer& second = rig.client();
  second.send("GET / HTTP/1.1\r\nhost: price\r\n\r\n");
  rig.world.turn();
  CHECK(second.received().starts_with("HTTP/1.1 503"));
  CHECK(second.received().find("x-woad-error: overloaded") != std::string::npos);
  CHECK(rig.requests("overloaded") == 1);
  app.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  rig.world.turn();
  CHECK(first.received().starts_with("HTTP/1.1 200"));
  held = 1000;
  rig.world.pass(MemoryWatch::kEvery + milliseconds(1));
  second.take_received();
  second.send("GET / HTTP/1.1\r\nhost: price\r\n\r\n");
  rig.world.turn();
  CHECK(second.received().find("503") == std::string::npos);
}

}  // namespace
