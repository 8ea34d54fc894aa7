#include <doctest/doctest.h>

#include <cstring>
#include <set>

#include "proxy/base/random.h"
#include "proxy/net/resting_socket.h"
#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

TEST_CASE("bytes go both ways") {
  BothSides both;
  both.establish();
  both.client.write("hello");
  both.server.write("welcome");
  both.carry();
  CHECK(both.server.ear.received == "hello");
  CHECK(both.client.ear.received == "welcome");
}

TEST_CASE("what is written before start() goes out") {
  BothSides both;
  both.begin();
  both.carry();
  both.client.write("greeting");
  CHECK(both.client.transport().backlog() == 8);
  both.server.start();
  both.carry();
  CHECK(both.server.ear.received == "greeting");
}

TEST_CASE("a turn's writes are as few records as can be, in one write") {
  struct Case {
    std::vector<size_t> writes;
    int records;
  };
  const Case cases[] = {
      {{1}, 1},
      {{100, 1, 1, 5000}, 1},
      {std::vector<size_t>(500, 10), 1},
      {{16 * 1024}, 1},
      {{16 * 1024 + 1}, 2},
      {{200, 16 * 1024 - 200}, 1},
      {{9, 16 * 1024, 9, 16 * 1024}, 3},
      {{40 * 1024}, 3},
      {{1, 32 * 1024, 1}, 3},
  };
  for (const Case& each : cases) {
    CAPTURE(each.writes.size());
    Served served;
    const int flushes = served.ours.wire.flushes();
    std::string expected;
    for (const size_t size : each.writes) {
      const std::string text = pattern(size);
      Block* block = served.world.blocks.take(size);
      std::memcpy(block->data(), text.data(), size);
      Buffer data;
      data.append(Slice(block, block->data(), size));  // a slice of its own each
      served.ours.transport().write(std::move(data));
      expected += text;
    }
    served.world.scheduler.end_turn();
    CHECK(served.ours.wire.flushes() == flushes + 1);
    served.talk();
    CHECK(served.client.received == expected);
    CHECK(served.client.records_read == each.records);
  }
}

TEST_CASE("bulk both ways, in random pieces, over a slow wire with slow readers") {
  BothSides both;
  both.establish();
  Random random(7);
  const std::string up = pattern(3 << 20);
  const std::string down = pattern(2 << 20);
  both.client.write(up);
  both.server.write(down);
  for (int turn = 0;
       both.server.ear.received.size() < up.size() || both.client.ear.received.size() < down.size();
       ++turn) {
    REQUIRE(turn < 100000);
    for (OneSide* side : {&both.client, &both.server}) {
      side->transport().hold_reading(Hold::kStream, random.below(4) == 0);
      side->wire.accept(random.below(3) == 0 ? 0 : random.below(200000));
    }
    both.carry(1 + random.below(40000));
    both.client.wire.pump();
    both.server.wire.pump();
  }
  CHECK(both.server.ear.received == up);
  CHECK(both.client.ear.received == down);
}

TEST_CASE("a slow peer: encrypted ahead is bounded, and the drop below the mark is told once") {
  Served served;
  served.ours.transport().set_high_water(256 * 1024);
  served.ours.wire.accept(0);
  served.ours.write(pattern(1 << 20));
  served.world.scheduler.end_turn();
  // Plaintext that waits is counted as it is, so the backlog has grown by the records' overhead.
  CHECK(served.ours.transport().backlog() >= 1 << 20);
  CHECK(served.ours.transport().backlog() < (1 << 20) + 200);
  CHECK(served.ours.ear.drained == 0);
  size_t before = served.ours.transport().backlog();
  while (served.ours.transport().backlog() > 128 * 1024) {
    CHECK(served.ours.ear.drained == 0);
    served.ours.wire.accept(50000);
    served.world.scheduler.end_turn();
    REQUIRE(served.ours.transport().backlog() < before);
    before = served.ours.transport().backlog();
  }
  while (before > 0) {
    served.ours.wire.accept(20000);
    served.world.scheduler.end_turn();
    REQUIRE(served.ours.transport().backlog() < before);
    before = served.ours.transport().backlog();
  }
  CHECK(served.ours.ear.drained == 1);
  served.ours.wire.accept(SIZE_MAX);
  served.talk();
  CHECK(served.client.received == pattern(1 << 20));
}

TEST_CASE("every high-water mark is left again") {
  for (const size_t mark : {size_t{0}, size_t{1}, size_t{1000}, size_t{16 * 1024},
                            size_t{64 * 1024}, size_t{1 << 20}}) {
    for (const size_t size : {mark + 1, mark + 100, 2 * mark + 70000}) {
      CAPTURE(mark);
      CAPTURE(size);
      Served served;
      served.ours.transport().set_high_water(mark);
      served.ours.wire.accept(0);
      served.ours.write(pattern(size));
      served.world.scheduler.end_turn();
      for (int i = 0; i < 1000 && served.ours.transport().backlog() > 0; ++i) {
        served.ours.wire.accept(7000);
        served.world.scheduler.end_turn();
      }
      CHECK(served.ours.transport().backlog() == 0);
      CHECK(served.ours.ear.drained == 1);
    }
  }
}

TEST_CASE("while reading is held nothing is decrypted, and the lower transport is held too") {
  Served served;
  served.ours.transport().hold_reading(Hold::kPipeline, true);
  served.ours.transport().hold_reading(Hold::kStream, true);
  CHECK(served.ours.wire.reading_held());
  const std::string text = pattern(200000);
  served.client.write(text);
  served.say();
  served.world.scheduler.end_turn();
  CHECK(served.ours.ear.received.empty());
  CHECK(served.ours.wire.unread() > 200000);
  served.ours.transport().hold_reading(Hold::kStream, false);
  served.world.scheduler.end_turn();
  served.ours.wire.pump();
  CHECK(served.ours.ear.received.empty());
  served.ours.transport().hold_reading(Hold::kPipeline, false);
  CHECK(served.ours.ear.received.empty());
  served.ours.wire.pump();
  served.world.scheduler.end_turn();
  CHECK(served.ours.ear.received == text);
}

// Holds after each slice, so that what was read already must wait undecrypted.
class OneAtATime final : public TransportSink {
 public:
  explicit OneAtATime(Transport& owner) : transport_(owner) {}
  void on_bytes(Slice bytes) override {
    CHECK_FALSE(held_);
    received.append(bytes.view());
    ++slices;
    hold(true);
  }
  void on_eof() override {
    CHECK_FALSE(held_);
    ended = true;
  }
  void on_drained() override {}
  void on_lost(std::string_view) override {}

  void hold(bool on) {
    held_ = on;
    transport_.hold_reading(Hold::kStream, on);
  }

  std::string received;
  int slices = 0;
  bool ended = false;

 private:
  Transport& transport_;
  bool held_ = false;
};

TEST_CASE("a hold in the middle of a read, and the end behind it") {
  BothSides both;
  both.begin();
  both.carry();
  OneAtATime slow(both.server.transport());
  both.server.transport().start(slow);
  both.client.start();
  const std::string text = pattern(100000);
  both.client.write(text);
  both.client.transport().shutdown_write();
  both.carry();
  int turns = 0;
  for (; !slow.ended && turns < 100; ++turns) {
    const int before = slow.slices;
    slow.hold(false);
    both.world.scheduler.end_turn();
    both.server.wire.pump();
    both.world.scheduler.end_turn();
    CHECK(slow.slices <= before + 1);
  }
  CHECK(slow.received == text);
  CHECK(slow.ended);
  CHECK(turns > 5);
}

TEST_CASE("small records that are kept share a block, and are not many slices") {
  Served served;
  served.ours.ear.keep = true;
  for (int i = 0; i < 100; ++i) served.client.write("ten bytes.");
  served.say();
  served.world.scheduler.end_turn();
  CHECK(served.ours.ear.received.size() == 1000);
  CHECK(served.ours.ear.sizes.size() <= 2);
  // One by one, as they come from a peer that writes slowly.
  served.ours.ear.kept.clear();
  std::set<uintptr_t> blocks;
  for (int i = 0; i < 50; ++i) {
    served.client.write("ten bytes.");
    served.say();
    served.world.scheduler.end_turn();
  }
  REQUIRE(served.ours.ear.kept.size() == 50);
  for (const Slice& slice : served.ours.ear.kept) {
    CHECK(slice.view() == "ten bytes.");
    blocks.insert(reinterpret_cast<uintptr_t>(slice.data()) / BlockPool::kSizes[0]);
  }
  CHECK(blocks.size() <= 3);
}

TEST_CASE("a connection without TLS, where it is allowed, is passed as it is") {
  World world;
  OneSide ours(world);
  ours.accept(workloads().price_context, server_options({"", true}));
  ours.wire.send("GET ");
  REQUIRE(ours.outcome.plaintext);
  Transport& plain = *ours.outcome.plaintext;
  plain.start(ours.ear);
  plain.set_high_water(1000);
  world.scheduler.end_turn();
  plain.hold_reading(Hold::kStream, true);
  ours.wire.send("/");
  CHECK(ours.ear.received == "GET ");
  plain.hold_reading(Hold::kStream, false);
  ours.wire.pump();
  CHECK(ours.ear.received == "GET /");
  ours.wire.accept(0);
  Buffer data;
  data.append(world.blocks, pattern(5000));
  plain.write(std::move(data));
  world.scheduler.end_turn();
  CHECK(plain.backlog() == 5000);
  ours.wire.accept(SIZE_MAX);
  world.scheduler.end_turn();
  CHECK(ours.ear.drained == 1);
  CHECK(ours.wire.take_received() == pattern(5000));
  ours.wire.send_eof();
  CHECK(ours.ear.eofs == 1);
  plain.output().append(world.blocks, "bye");
  plain.wrote();
  Transport::close_after_flush(std::move(ours.outcome.plaintext));
  world.scheduler.end_turn();
  CHECK(ours.wire.take_received() == "bye");
  CHECK(ours.wire.saw_eof());
}

TEST_CASE("TLS 1.2 carries bytes and ends the same way") {
  Served served(TlsVersion::k12);
  CHECK(served.client.version() == "TLSv1.2");
  served.client.write(pattern(50000));
  served.ours.write(pattern(60000));
  served.talk();
  CHECK(served.ours.ear.received == pattern(50000));
  CHECK(served.client.received == pattern(60000));
  served.client.close();
  served.talk();
  CHECK(served.ours.ear.eofs == 1);
}

TEST_CASE("a silent connection does not rest, but gives a part back and goes on as before") {
  for (const TlsVersion version : {TlsVersion::k12, TlsVersion::k13}) {
    CAPTURE(static_cast<int>(version));
    Served served(version);
    for (int round = 0; round < 3; ++round) {
      CHECK(served.ours.transport().rest() == nullptr);
      served.client.write("hello");
      served.ours.write("welcome");
      served.talk();
    }
    CHECK(served.ours.ear.received == "hellohellohello");
    CHECK(served.client.received == "welcomewelcomewelcome");
    served.client.close();
    served.talk();
    CHECK(served.ours.ear.eofs == 1);
  }
}

}  // namespace
}  // namespace woad::test
