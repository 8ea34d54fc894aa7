#include <doctest/doctest.h>

#include <algorithm>

#include "proxy/net/linger.h"
#include "proxy/net/resting_socket.h"
#include "tests/net/harness.h"

namespace woad::test {
namespace {

TEST_CASE("bytes go both ways, and a turn's writes go out together") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.peer.send("hello");
  REQUIRE(run_until(pair.loop, [&] { return pair.sink.received == "hello"; }));
  pair.write("one ");
  pair.write("two ");
  pair.transport->output().append(pair.blocks, "three");
  pair.transport->wrote();
  CHECK(pair.transport->backlog() == 13);
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.received == "one two three";
  }));
  CHECK(pair.transport->backlog() == 0);
  CHECK(pair.transport->peer() == local_address(pair.peer.fd()));
  CHECK(pair.transport->local().is_loopback());
  CHECK(pair.transport->local().port() != 0);
}

TEST_CASE("what is written before start() goes out") {
  Pair pair;
  pair.write("greeting");
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.received == "greeting";
  }));
}

TEST_CASE("bulk is read in larger pieces, and more than 64 slices are written at once") {
  Pair pair;
  pair.transport->start(pair.sink);
  const std::string bulk = pattern(8 << 20);
  size_t sent = 0;
  REQUIRE(run_until(pair.loop, [&] {
    sent += pair.peer.send(std::string_view(bulk).substr(sent));
    return pair.sink.received.size() == bulk.size();
  }));
  CHECK(pair.sink.received == bulk);
  CHECK(*std::max_element(pair.sink.sizes.begin(), pair.sink.sizes.end()) > BlockPool::kSizes[1]);

  Buffer many;
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    many.append(Slice::of_static("a slice of its own "));
    expected += "a slice of its own ";
  }
  pair.transport->write(std::move(many));
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.received.size() >= expected.size();
  }));
  CHECK(pair.peer.received == expected);
}

TEST_CASE("full reads follow each other in one event, until the sink holds or is gone") {
  enum class Then { kGoOn, kHold, kDestroy };
  for (const Then then : {Then::kGoOn, Then::kHold, Then::kDestroy}) {
    CAPTURE(static_cast<int>(then));
    Pair pair;
    const std::string bulk = pattern(16384 + 1000);  // one full read, and a second one
    REQUIRE(pair.peer.send(bulk) == bulk.size());
    size_t at_turn_end = 0;
    pair.sink.action = [&] {
      if (then == Then::kHold) pair.transport->hold_reading(Hold::kStream, true);
      if (then == Then::kDestroy) pair.transport.reset();
    };
    pair.transport->start(pair.sink);
    REQUIRE(run_until(pair.loop, [&] {
      at_turn_end = pair.sink.received.size();
      return at_turn_end > 0;
    }));
    CHECK(at_turn_end == (then == Then::kGoOn ? bulk.size() : size_t{16384}));
  }
}

TEST_CASE("a slow reader: the backlog grows, on_drained() comes at half the high-water mark") {
  Pair pair(4096);
  pair.transport->start(pair.sink);
  const std::string bulk = pattern(16 << 20);
  pair.write(bulk);
  CHECK(pair.transport->backlog() == bulk.size());
  turns_in(pair.loop, milliseconds(20));
  CHECK(pair.transport->backlog() > 0);
  CHECK(pair.sink.drained == 0);
  CHECK(turns_in(pair.loop, milliseconds(100)) < 50);  // blocked, but not busy
  size_t backlog_at_drain = 0;
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    if (pair.sink.drained == 1 && backlog_at_drain == 0) {
      backlog_at_drain = pair.transport->backlog() + 1;
    }
    return pair.peer.received.size() == bulk.size();
  }));
  CHECK(pair.peer.received == bulk);
  CHECK(pair.sink.drained == 1);
  CHECK(backlog_at_drain <= 32 * 1024 + 1);
  pair.write("after");
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.received.ends_with("after");
  }));
  CHECK(pair.sink.drained == 1);
}

TEST_CASE("half-close: the peer's FIN ends reading alone") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.peer.send("last words");
  pair.peer.finish();
  REQUIRE(run_until(pair.loop, [&] { return pair.sink.eofs == 1; }));
  CHECK(pair.sink.received == "last words");
  CHECK(turns_in(pair.loop, milliseconds(100)) < 50);
  pair.write("answer");
  pair.transport->shutdown_write();
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.eof;
  }));
  CHECK(pair.peer.received == "answer");
  CHECK(turns_in(pair.loop, milliseconds(100)) < 50);  // HUP on both sides is no reason to spin
  CHECK(pair.sink.eofs == 1);
  CHECK(pair.sink.losses == 0);
}

TEST_CASE("the peer's end tells what had got there") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.write("one");
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.received == "one";
  }));
  CHECK(pair.transport->written() == 3);
  CHECK(pair.transport->unacknowledged_since(3));
  const auto end_comes = [&] { return pair.sink.eofs == 1 && pair.transport->written() == 6; };
  SUBCASE("nothing of what is written behind its close") {
    pair.peer.close();
    pair.write("two");
    REQUIRE(run_until(pair.loop, end_comes));
    CHECK(pair.transport->written() == 6);
    CHECK(pair.transport->unacknowledged_since(3));
    CHECK_FALSE(pair.transport->unacknowledged_since(0));
  }
  SUBCASE("all that it had read before") {
    pair.write("two");
    REQUIRE(run_until(pair.loop, [&] {
      pair.peer.receive();
      return pair.peer.received == "onetwo";
    }));
    pair.peer.close();
    REQUIRE(run_until(pair.loop, end_comes));
    CHECK_FALSE(pair.transport->unacknowledged_since(3));
  }
}

TEST_CASE("reset: what came before is delivered, then on_lost() once") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.peer.send("before the reset");
  REQUIRE(run_until(pair.loop, [&] { return !pair.sink.received.empty(); }));
  pair.peer.reset();
  REQUIRE(run_until(pair.loop, [&] { return pair.sink.losses == 1; }));
  CHECK(pair.sink.why == "connection reset by peer");
  CHECK(pair.sink.eofs == 0);
  pair.write("into the void");
  CHECK(pair.transport->backlog() == 0);
  CHECK(turns_in(pair.loop, milliseconds(50)) < 50);
  CHECK(pair.sink.losses == 1);
}

TEST_CASE("reset while reading is held, or after the peer's FIN, is noticed") {
  for (const bool data_waits : {false, true}) {
    CAPTURE(data_waits);
    Pair pair;
    pair.transport->start(pair.sink);
    pair.transport->hold_reading(Hold::kPipeline, true);
    if (data_waits) pair.peer.send("pipelined");
    CHECK(turns_in(pair.loop, milliseconds(20)) < 20);
    pair.peer.reset();
    REQUIRE(run_until(pair.loop, [&] { return pair.sink.losses == 1; }));
    CHECK(pair.sink.received.empty());
  }
}

TEST_CASE("holds: a bit a reason, nothing is read while one is set") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.transport->hold_reading(Hold::kStream, true);
  pair.transport->hold_reading(Hold::kBacklog, true);
  pair.transport->hold_reading(Hold::kStream, true);
  pair.peer.send("held");
  CHECK(turns_in(pair.loop, milliseconds(50)) < 30);
  pair.transport->hold_reading(Hold::kStream, false);
  turns_in(pair.loop, milliseconds(20));
  CHECK(pair.sink.received.empty());
  pair.transport->hold_reading(Hold::kBacklog, false);
  REQUIRE(run_until(pair.loop, [&] { return pair.sink.received == "held"; }));
  // A hold that is over before any event costs nothing and loses nothing.
  pair.transport->hold_reading(Hold::kStream, true);
  pair.transport->hold_reading(Hold::kStream, false);
  pair.peer.send(" again");
  REQUIRE(run_until(pair.loop, [&] { return pair.sink.received == "held again"; }));
}

TEST_CASE("FIN while held comes after the release; writing goes on meanwhile") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.transport->hold_reading(Hold::kStream, true);
  pair.peer.send("tail");
  pair.peer.finish();
  turns_in(pair.loop, milliseconds(20));
  pair.write("still writing");
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.received == "still writing";
  }));
  CHECK(pair.sink.eofs == 0);
  pair.transport->hold_reading(Hold::kStream, false);
  REQUIRE(run_until(pair.loop, [&] { return pair.sink.eofs == 1; }));
  CHECK(pair.sink.received == "tail");
}

TEST_CASE("urgent data does not make a held transport spin") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.transport->hold_reading(Hold::kStream, true);
  pair.peer.send("x");
  turns_in(pair.loop, milliseconds(10));
  ::send(pair.peer.fd(), "!", 1, MSG_OOB | MSG_NOSIGNAL);
  CHECK(turns_in(pair.loop, milliseconds(100)) < 50);
  pair.transport->hold_reading(Hold::kStream, false);
  pair.peer.send("y");
  REQUIRE(run_until(pair.loop, [&] { return pair.sink.received == "xy"; }));
}

TEST_CASE("an answer that came before the connection broke under a write is delivered") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.write(pattern(1 << 20));
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive(1024);
    return !pair.peer.received.empty();
  }));
  pair.peer.send("413 too large");
  pair.peer.close();  // with unread input: RST follows the answer
  REQUIRE(run_until(pair.loop, [&] {
    if (pair.sink.losses == 0) pair.write(pattern(1 << 16));
    return pair.sink.losses + pair.sink.eofs > 0;
  }));
  CHECK(pair.sink.received == "413 too large");
}

TEST_CASE("abort_on_destroy() resets; plain destruction sends FIN") {
  for (const bool abort : {false, true}) {
    CAPTURE(abort);
    Pair pair;
    pair.transport->start(pair.sink);
    if (abort) pair.transport->abort_on_destroy();
    pair.transport.reset();
    REQUIRE(run_until(pair.loop, [&] {
      pair.peer.receive();
      return pair.peer.eof || pair.peer.error != 0;
    }));
    CHECK(pair.peer.error == (abort ? ECONNRESET : 0));
    CHECK(pair.peer.eof == !abort);
  }
}

TEST_CASE("abort_on_destroy(), then close_after_flush(): what was written, then a reset") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.write("half of it");
  pair.transport->abort_on_destroy();
  Transport::close_after_flush(std::move(pair.transport));
  CHECK_FALSE(pair.loop.has_owned());
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.eof || pair.peer.error != 0;
  }));
  CHECK(pair.peer.received == "half of it");
  CHECK(pair.peer.error == ECONNRESET);
}

TEST_CASE("a sink may destroy the transport in an event") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.sink.action = [&] { pair.transport.reset(); };
  pair.peer.send("die");
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.eof;
  }));
  CHECK(pair.sink.received == "die");
}

TEST_CASE("close_after_flush(): all is written though input is unread, then FIN, then nothing") {
  Pair pair(4096);
  pair.transport->start(pair.sink);
  pair.transport->hold_reading(Hold::kPipeline, true);
  pair.peer.send("never read by the owner");
  turns_in(pair.loop, milliseconds(10));
  const std::string answer = pattern(4 << 20);
  pair.write(answer);
  Transport::close_after_flush(std::move(pair.transport));
  CHECK(pair.loop.has_owned());
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    pair.peer.send("still talking");
    return pair.peer.eof;
  }));
  CHECK(pair.peer.received == answer);
  CHECK(pair.peer.error == 0);
  pair.peer.close();
  REQUIRE(run_until(pair.loop, [&] { return !pair.loop.has_owned(); }));
  CHECK(pair.sink.received.empty());
}

TEST_CASE("close_after_flush() gives up on a peer that neither reads nor closes") {
  Pair pair(4096);
  pair.transport->start(pair.sink);
  SUBCASE("a peer that keeps the connection open") {}
  SUBCASE("a peer that does not read") { pair.write(pattern(16 << 20)); }
  Transport::close_after_flush(std::move(pair.transport));
  turns_in(pair.loop, milliseconds(20));
  CHECK(pair.loop.has_owned());
  Scheduler& scheduler = pair.loop.scheduler();
  for (int i = 0; i < 3; ++i)
    scheduler.advance(scheduler.now() + Linger::kPatience + milliseconds(100));
  CHECK(!pair.loop.has_owned());
  scheduler.end_turn();
}

TEST_CASE("close_after_flush() is patient with a peer that is still sending") {
  Pair pair;
  pair.transport->start(pair.sink);
  Transport::close_after_flush(std::move(pair.transport));
  Scheduler& scheduler = pair.loop.scheduler();
  pair.peer.send("more of a request that was answered already");
  turns_in(pair.loop, milliseconds(20));
  const auto pass = [&] {
    scheduler.advance(scheduler.now() + Linger::kPatience + milliseconds(100));
  };
  pass();
  CHECK(pair.loop.has_owned());
  pass();
  CHECK(!pair.loop.has_owned());
  scheduler.end_turn();
}

TEST_CASE("close_after_flush() of a connection whose peer has finished or is gone") {
  Pair pair;
  pair.transport->start(pair.sink);
  SUBCASE("finished") {
    pair.peer.finish();
    REQUIRE(run_until(pair.loop, [&] { return pair.sink.eofs == 1; }));
    pair.write("bye");
    Transport::close_after_flush(std::move(pair.transport));
    REQUIRE(run_until(pair.loop, [&] {
      pair.peer.receive();
      return pair.peer.eof;
    }));
    CHECK(pair.peer.received == "bye");
  }
  SUBCASE("gone") {
    pair.peer.reset();
    REQUIRE(run_until(pair.loop, [&] { return pair.sink.losses == 1; }));
    Transport::close_after_flush(std::move(pair.transport));
  }
  REQUIRE(run_until(pair.loop, [&] { return !pair.loop.has_owned(); }));
}

TEST_CASE("small reads that are kept share a block; others give it back") {
  Pair pair;
  pair.transport->start(pair.sink);
  pair.sink.keep = true;
  for (int i = 0; i < 50; ++i) {
    pair.peer.send("x");
    REQUIRE(run_until(pair.loop,
                      [&] { return pair.sink.received.size() == static_cast<size_t>(i + 1); }));
  }
  for (size_t i = 1; i < pair.sink.kept.size(); ++i) {
    CHECK(pair.sink.kept[i].data() == pair.sink.kept[i - 1].data() + pair.sink.kept[i - 1].size());
  }
  const char* const last = pair.sink.kept.back().data();
  pair.sink.kept.clear();
  pair.loop.run_once();
  pair.sink.keep = false;
  pair.peer.send("y");
  REQUIRE(run_until(pair.loop, [&] { return pair.sink.received.ends_with("y"); }));
  Block* block = pair.blocks.take(BlockPool::kSizes[0]);
  CHECK(last >= block->data());
  CHECK(last < block->data() + block->capacity);
  const Slice give_back(block, block->data(), 0);
}

// A transport that was put to rest, and started again once its peer stirred.
struct Sleeper final : RestingSink {
  explicit Sleeper(Pair& of) : pair(of) {
    pair.transport->start(pair.sink);
    socket = pair.transport->rest();
    WOAD_ASSERT(socket != nullptr);
    pair.transport.reset();
    socket->start(*this);
  }
  void on_stir() override {
    ++stirs;
    pair.transport = socket->wake(pair.blocks);
    pair.transport->start(pair.sink);
  }

  Pair& pair;
  std::unique_ptr<RestingSocket> socket;
  int stirs = 0;
};

TEST_CASE("a transport at rest is silent, and hears what comes in the turn that wakes it") {
  Pair pair;
  Sleeper sleeper(pair);
  CHECK(turns_in(pair.loop, milliseconds(20)) < 10);
  CHECK(sleeper.stirs == 0);
  pair.peer.send("good morning");
  std::string heard_by_the_end_of_the_turn;
  REQUIRE(run_until(pair.loop, [&] {
    heard_by_the_end_of_the_turn = pair.sink.received;
    return sleeper.stirs > 0;
  }));
  CHECK(heard_by_the_end_of_the_turn == "good morning");
  pair.write("and to you");
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.received == "and to you";
  }));
  CHECK(sleeper.stirs == 1);
}

TEST_CASE("a peer's end wakes what rests, and its reset does") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    Pair pair;
    Sleeper sleeper(pair);
    reset ? pair.peer.reset() : pair.peer.finish();
    REQUIRE(run_until(pair.loop, [&] { return pair.sink.eofs + pair.sink.losses > 0; }));
    CHECK(pair.sink.losses == (reset ? 1 : 0));
    CHECK(sleeper.stirs == 1);
  }
}

TEST_CASE("a socket at rest that is destroyed closes its connection") {
  Pair pair;
  Sleeper sleeper(pair);
  sleeper.socket.reset();
  REQUIRE(run_until(pair.loop, [&] {
    pair.peer.receive();
    return pair.peer.eof;
  }));
}

TEST_CASE("nothing rests that has something to do") {
  struct Case {
    const char* what;
    void (*make)(Pair&);
  };
  const Case cases[] = {
      {"not started", [](Pair&) {}},
      {"written",
       [](Pair& pair) {
         pair.transport->start(pair.sink);
         pair.write("x");
       }},
      {"held",
       [](Pair& pair) {
         pair.transport->start(pair.sink);
         pair.transport->hold_reading(Hold::kStream, true);
       }},
      {"its end is on its way",
       [](Pair& pair) {
         pair.transport->start(pair.sink);
         pair.transport->shutdown_write();
       }},
      {"the peer has ended",
       [](Pair& pair) {
         pair.transport->start(pair.sink);
         pair.peer.finish();
         WOAD_ASSERT(run_until(pair.loop, [&] { return pair.sink.eofs == 1; }));
       }},
      {"what came is kept",
       [](Pair& pair) {
         pair.sink.keep = true;
         pair.transport->start(pair.sink);
         pair.peer.send("x");
         WOAD_ASSERT(run_until(pair.loop, [&] { return !pair.sink.kept.empty(); }));
       }},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Pair pair;
    each.make(pair);
    CHECK(pair.transport->rest() == nullptr);
  }
}

}  // namespace
}  // namespace woad::test
