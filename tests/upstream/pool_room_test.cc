#include "proxy/upstream/pool_room.h"

#include <doctest/doctest.h>

#include <array>
#include <thread>
#include <vector>

using namespace woad;

namespace {

struct Guest final : PoolRoom::Waiter {
  void on_room() override { ++told; }
  int told = 0;
};

TEST_CASE("pool room: each has a limit of its own") {
  PoolRoom room;
  Mailbox mailbox;
  CHECK(room.take(1));
  CHECK_FALSE(room.take(1));
  CHECK(room.take(2));
  Guest small;
  Guest large;
  CHECK(room.wait(small, 1, 2, mailbox));
  CHECK(room.wait(large, 2, 2, mailbox));
  Guest over;
  CHECK_FALSE(room.wait(over, 2, 2, mailbox));
  room.give_back();  // one is still under way: too many for the first, so the second waits behind
                     // it
  mailbox.run();
  CHECK(small.told + large.told == 0);
  room.give_back();
  mailbox.run();
  CHECK(small.told == 1);
  CHECK(large.told == 1);
  CHECK(room.active() == 2);
  CHECK(room.waiting() == 0);
}

TEST_CASE("pool room: room that came up before anybody waited is given at once") {
  PoolRoom room;
  Mailbox mailbox;
  Guest guest;
  CHECK(room.wait(guest, 1, 1, mailbox));
  CHECK(guest.told == 0);  // never from within
  mailbox.run();
  CHECK(guest.told == 1);
}

// A worker that takes room, and waits for it when there is none.
struct Worker {
  void work(PoolRoom& room, uint32_t most, int turns) {
    for (int i = 0; i < turns; ++i) {
      if (room.take(most)) {
        room.give_back();
        continue;
      }
      Guest guest;
      if (!room.wait(guest, most, 100, mailbox)) continue;
      if (i % 3 == 0) continue;  // gives up
      while (guest.told == 0) {
        mailbox.run();
        std::this_thread::yield();
      }
      room.give_back();
    }
  }
  Mailbox mailbox;
};

TEST_CASE("pool room: threads") {
  PoolRoom room;
  std::array<Worker, 4> workers;
  std::vector<std::thread> threads;
  REQUIRE(room.take(2));  // so that some have to wait
  for (Worker& worker : workers) {
    threads.emplace_back([&] { worker.work(room, 2, 5000); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(room.waiting() == 0);
  CHECK(room.active() == 1);
}

}  // namespace
