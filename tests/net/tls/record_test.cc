// Records that are no data: key updates, tickets, alerts, garbage.
#include <doctest/doctest.h>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

TEST_CASE("keys are updated, asked for and not, while bytes go both ways") {
  Served served;
  for (int round = 0; round < 40; ++round) {
    served.client.update_key(round % 2 == 0);
    served.client.write("up");
    served.ours.write("down");
    served.talk();
  }
  CHECK(served.ours.ear.received.size() == 80);
  CHECK(served.client.received.size() == 160);
  CHECK(served.client.key_updates == 20);
  CHECK(served.ours.ear.losses == 0);
}

TEST_CASE("our client takes key updates and tickets that it did not ask for") {
  World world;
  OneSide ours(world);
  ours.connect(workloads().cart_context);
  OpensslPeer server({.server = true,
                      .certificate = workloads().price.certificate,
                      .key = workloads().price.key,
                      .tickets = true});
  server.talk(ours.wire, world.scheduler);
  REQUIRE(ours.outcome.ready);
  ours.start();
  server.update_key(true);
  server.write("after");
  server.talk(ours.wire, world.scheduler);
  CHECK(ours.ear.received == "after");
  // Due before our next record at the latest (RFC 8446 section 4.6.3).
  ours.write("answer");
  server.talk(ours.wire, world.scheduler);
  CHECK(server.key_updates == 1);
  CHECK(server.received == "answer");
}

TEST_CASE("a peer that updates keys without end and never reads is cut off") {
  Served served;
  served.ours.wire.accept(0);
  int rounds = 0;
  for (; served.ours.ear.losses == 0 && rounds < 100000; ++rounds) {
    served.client.update_key(true);
    served.say();
    served.world.scheduler.end_turn();
  }
  CHECK(served.ours.ear.losses == 1);
  CHECK(served.ours.ear.why == "the peer sends TLS messages without reading the answers");
  CHECK(served.ours.transport().backlog() < 300 * 1024);
}

TEST_CASE("garbage and forgeries") {
  for (const bool forged : {true, false}) {
    Served served;
    served.client.write("good ");
    served.say();
    served.client.write("forged");
    std::string bytes = served.client.take_output();
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    served.ours.wire.send(forged ? bytes : "GET / HTTP/1.1\r\n\r\n");
    served.world.scheduler.end_turn();
    CHECK(served.ours.ear.received == "good ");
    CHECK(served.ours.ear.losses == 1);
    CHECK(served.ours.ear.why.starts_with("TLS with the client failed: "));
    served.client.feed(served.ours.wire.take_received());
    served.client.step();
    CHECK(served.client.alert_received == (forged ? 20 : 70));
    served.ours.wire.send("and more");
    served.ours.wire.send_eof();
    CHECK(served.ours.ear.losses == 1);
  }
}

TEST_CASE("an alert, and a lower transport that is lost, are told once") {
  Served served;
  served.ours.wire.lose();
  CHECK(served.ours.ear.losses == 1);
  CHECK(served.ours.ear.why == "connection reset by peer");
  served.world.scheduler.end_turn();

  BothSides both;
  both.begin();
  both.carry();
  both.server.wire.lose("gone");
  both.server.start();
  CHECK(both.server.ear.losses == 0);
  both.world.scheduler.end_turn();
  CHECK(both.server.ear.losses == 1);
  CHECK(both.server.ear.why == "gone");
}

}  // namespace
}  // namespace woad::test
