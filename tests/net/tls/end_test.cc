// How TLS connections end, and what must not look like an end.
#include <doctest/doctest.h>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

TEST_CASE("shutdown_write() is close_notify behind what is queued, and the other way stays open") {
  Served served;
  served.ours.write("last words");
  served.ours.transport().shutdown_write();
  served.talk();
  CHECK(served.client.received == "last words");
  CHECK(served.client.closed());
  CHECK(served.ours.wire.saw_eof());
  CHECK(served.ours.ear.eofs == 0);
  served.client.write("still here");
  served.talk();
  CHECK(served.ours.ear.received == "still here");
  served.client.close();
  served.talk();
  CHECK(served.ours.ear.eofs == 1);
  CHECK(served.ours.ear.losses == 0);
  served.ours.write("too late");
  served.world.scheduler.end_turn();
  CHECK(served.ours.wire.received().empty());
}

TEST_CASE("after the peer's close_notify we may write, and its FIN is nothing more") {
  Served served;
  served.client.write("request");
  served.client.close();
  served.say();
  CHECK(served.ours.ear.received == "request");
  CHECK(served.ours.ear.eofs == 1);
  served.ours.wire.send_eof();
  served.ours.wire.send("never read");
  served.ours.write("answer");
  served.world.scheduler.end_turn();
  CHECK(served.ours.ear.eofs == 1);
  CHECK(served.ours.ear.losses == 0);
  CHECK(served.ours.ear.received == "request");
  served.client.feed(served.ours.wire.take_received());
  served.client.step();
  CHECK(served.client.received == "answer");
}

TEST_CASE("a FIN without close_notify is a loss, after what came before it") {
  Served served;
  served.ours.transport().hold_reading(Hold::kStream, true);
  served.client.write("half a bo");
  served.say();
  served.ours.wire.send_eof();
  CHECK(served.ours.ear.losses == 0);
  served.ours.transport().hold_reading(Hold::kStream, false);
  served.ours.wire.pump();
  served.world.scheduler.end_turn();
  CHECK(served.ours.ear.received == "half a bo");
  CHECK(served.ours.ear.eofs == 0);
  CHECK(served.ours.ear.losses == 1);
  CHECK(served.ours.ear.why == "closed without close_notify");
  served.ours.write("into the void");
  served.world.scheduler.end_turn();
  CHECK(served.ours.transport().backlog() == 0);
}

TEST_CASE("a FIN in the middle of a record is a loss") {
  Served served;
  served.client.write("cut");
  const std::string bytes = served.client.take_output();
  served.ours.wire.send(std::string_view(bytes).substr(0, bytes.size() - 1));
  served.ours.wire.send_eof();
  CHECK(served.ours.ear.received.empty());
  CHECK(served.ours.ear.why == "closed without close_notify");
}

TEST_CASE("close_after_flush() sends everything, close_notify, FIN") {
  Served served;
  served.ours.wire.accept(0);
  const std::string text = pattern(300000);
  served.ours.write(text);
  served.world.scheduler.end_turn();
  served.ours.wire.accept(SIZE_MAX);
  served.ours.write("!");
  Transport::close_after_flush(std::move(served.ours.outcome.ready->transport));
  served.world.scheduler.end_turn();
  CHECK(served.ours.wire.closed());
  served.client.feed(served.ours.wire.take_received());
  served.client.step();
  CHECK(served.client.received == text + "!");
  CHECK(served.client.closed());
  CHECK(served.ours.wire.saw_eof());
}

TEST_CASE("what is dropped or aborted does not look finished") {
  for (const bool flush : {true, false}) {
    Served served;
    served.ours.write("half a body");
    served.world.scheduler.end_turn();
    if (flush) {
      served.ours.transport().abort_on_destroy();
      Transport::close_after_flush(std::move(served.ours.outcome.ready->transport));
    } else {
      served.ours.outcome.ready->transport.reset();
    }
    served.world.scheduler.end_turn();
    CHECK(served.ours.wire.closed());
    CHECK(served.ours.wire.was_reset() == flush);
    served.client.feed(served.ours.wire.take_received());
    served.client.step();
    CHECK(served.client.received == "half a body");
    CHECK_FALSE(served.client.closed());
  }
}

// Ends the transport from inside on_bytes.
class Ending final : public TransportSink {
 public:
  Ending(Scheduler& scheduler, std::unique_ptr<Transport> transport, int how)
      : scheduler_(scheduler), transport_(std::move(transport)), how_(how) {
    transport_->start(*this);
  }
  void on_bytes(Slice bytes) override {
    received.append(bytes.view());
    if (transport_ == nullptr) return;
    switch (how_) {
      case 0: Transport::close_after_flush(std::move(transport_)); break;
      case 1: scheduler_.defer_delete(std::move(transport_)); break;
      default: transport_.reset(); break;
    }
  }
  void on_eof() override {}
  void on_drained() override {}
  void on_lost(std::string_view) override {}

  std::string received;

 private:
  Scheduler& scheduler_;
  std::unique_ptr<Transport> transport_;
  int how_;
};

TEST_CASE("a transport that ends inside its own event") {
  for (const int how : {0, 1, 2}) {
    Served served;
    World& world = served.world;
    OneSide ours(world);
    ours.accept(workloads().price_context);
    OpensslPeer client({.certificate = workloads().cart.certificate, .key = workloads().cart.key});
    client.talk(ours.wire, world.scheduler);
    REQUIRE(ours.outcome.ready);
    Ending ending(world.scheduler, std::move(ours.outcome.ready->transport), how);
    client.write(pattern(100000));
    ours.wire.send(client.take_output());
    world.scheduler.end_turn();
    CHECK(ours.wire.closed());
    CHECK(ending.received.size() >= 1);
    client.feed(ours.wire.take_received());
    client.step();
    CHECK(client.closed() == (how == 0));
  }
}

}  // namespace
}  // namespace woad::test
