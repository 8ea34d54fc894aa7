#include "proxy/http/stream_transport.h"

#include <doctest/doctest.h>

using namespace woad;

namespace {

class Bench final : public StreamCarrier, private TransportSink {
 public:
  Bench() {
    StreamCarrier& self = *this;
    transport = std::make_unique<StreamTransport>(self, scheduler, Address());
  }
  ~Bench() {
    transport.reset();
    scheduler.end_turn();
  }
  void start() {
    transport->start(*this);
    scheduler.end_turn();
  }
  void receive(std::string_view text, bool end = false) {
    Buffer data;
    data.append(blocks, text);
    transport->receive(std::move(data), end);
  }
  void write(std::string_view text) {
    Buffer data;
    data.append(blocks, text);
    transport->write(std::move(data));
  }

  Scheduler scheduler{MonoTime(seconds(1000))};
  BlockPool blocks;
  std::unique_ptr<StreamTransport> transport;
  std::string down;  // of the stream
  std::string up;    // of the sink
  std::string gone;
  bool room = true;
  bool held = false;
  int drains = 0;

 private:
  void carry(Buffer&& data, bool end) override {
    down += data.to_string();
    if (end) down += "|";
  }
  bool carrier_writable() const override { return room; }
  void hold_carrier(bool on) override { held = on; }
  void on_carried_gone(bool cut) override { gone += cut ? "cut" : "closed"; }
  void on_bytes(Slice bytes) override { up += bytes.view(); }
  void on_eof() override { up += "|"; }
  void on_drained() override { ++drains; }
  void on_lost(std::string_view why) override { up += "[" + std::string(why) + "]"; }
};

}  // namespace

TEST_CASE("stream transport: what comes before the start waits") {
  Bench bench;
  CHECK(bench.held);
  bench.receive("early ");
  bench.receive("bytes", true);
  bench.scheduler.end_turn();
  CHECK(bench.up.empty());
  bench.start();
  CHECK_FALSE(bench.held);
  CHECK(bench.up == "early bytes|");
  bench.write("still");
  bench.scheduler.end_turn();
  CHECK(bench.down == "still");
}

TEST_CASE("stream transport: holding stops both the stream and what has come") {
  Bench bench;
  bench.start();
  bench.transport->hold_reading(Hold::kStream, true);
  bench.transport->hold_reading(Hold::kBacklog, true);
  CHECK(bench.held);
  bench.receive("late", true);
  bench.transport->hold_reading(Hold::kStream, false);
  bench.scheduler.end_turn();
  CHECK(bench.held);
  CHECK(bench.up.empty());
  bench.transport->hold_reading(Hold::kBacklog, false);
  CHECK_FALSE(bench.held);
  CHECK(bench.up.empty());  // not from inside the call
  bench.scheduler.end_turn();
  CHECK(bench.up == "late|");
}

TEST_CASE("stream transport: a slow client is backlog, and the end waits behind it") {
  Bench bench;
  bench.start();
  bench.transport->set_high_water(8);
  bench.room = false;
  bench.write("more than eight");
  bench.transport->shutdown_write();
  bench.scheduler.end_turn();
  CHECK(bench.down.empty());
  CHECK(bench.transport->backlog() == 15);
  CHECK(bench.drains == 0);
  bench.room = true;
  bench.transport->on_carrier_writable();
  bench.scheduler.end_turn();
  CHECK(bench.down == "more than eight|");
  CHECK(bench.transport->backlog() == 0);
  CHECK(bench.drains == 1);
  bench.write("too late");
  bench.scheduler.end_turn();
  CHECK(bench.down == "more than eight|");
}

TEST_CASE("stream transport: how it goes is told to the stream") {
  struct Case {
    bool fin;    // both sides have ended
    bool flush;  // close_after_flush
    bool abort;
    std::string_view down;
    std::string_view gone;
  };
  const Case cases[] = {{false, false, false, "", "cut"},     {true, false, false, "x|", "closed"},
                        {false, true, false, "x|", "closed"}, {true, true, false, "x|", "closed"},
                        {false, true, true, "", "cut"},       {true, false, true, "x|", "cut"}};
  for (const Case& each : cases) {
    CAPTURE(each.fin);
    CAPTURE(each.flush);
    CAPTURE(each.abort);
    Bench bench;
    bench.start();
    bench.write("x");
    if (each.fin) {
      bench.transport->shutdown_write();
      bench.receive("", true);
      bench.scheduler.end_turn();
    }
    if (each.abort) bench.transport->abort_on_destroy();
    if (each.flush) {
      Transport::close_after_flush(std::move(bench.transport));
    } else {
      bench.transport.reset();
    }
    bench.scheduler.end_turn();
    CHECK(bench.down == each.down);
    CHECK(bench.gone == each.gone);
  }
}

TEST_CASE("stream transport: a slow client does not hold up the end") {
  Bench bench;
  bench.start();
  bench.room = false;
  bench.write("rest");
  Transport::close_after_flush(std::move(bench.transport));
  CHECK(bench.down == "rest|");
  CHECK(bench.gone == "closed");
}

TEST_CASE("stream transport: the stream goes first") {
  for (const bool started : {true, false}) {
    CAPTURE(started);
    Bench bench;
    if (started) bench.start();
    bench.write("lost");
    bench.transport->lose("reset by peer");
    if (!started) bench.start();
    CHECK(bench.up == "[reset by peer]");
    bench.write("nobody");
    bench.transport->hold_reading(Hold::kStream, true);
    bench.scheduler.end_turn();
    bench.transport.reset();
    CHECK(bench.down.empty());
    CHECK(bench.gone.empty());
  }
}
