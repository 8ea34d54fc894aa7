// What the context table does when it is full, and how much memory that is.
#include <deque>
#include <set>

#include "proxy/base/random.h"
#include "proxy/context/table_state.h"
#include "tests/context/table_rig.h"

using namespace woad;

TEST_CASE("at the limit the entry that ended first goes, with the ids that rode along") {
  TableRig rig({.max_entries = 3});
  auto running = rig.record({rig.trace(1), rig.request(1)}, "red");
  auto late = rig.record({rig.trace(2), rig.request(2)}, "red");
  auto early = rig.record({rig.trace(3), rig.request(3)}, "red");
  early.finish(rig.now);
  rig.pass(milliseconds(1));
  late.finish(rig.now);
  auto fourth = rig.record({rig.trace(4), rig.request(4)}, "red");
  CHECK(rig.color(rig.trace(3)) == "-");
  CHECK(rig.color(rig.request(3)) == "-");
  CHECK(rig.color(rig.trace(2)) == "red");
  CHECK(rig.color(rig.request(2)) == "red");
  auto fifth = rig.record({rig.trace(5), rig.request(5)}, "red");
  CHECK(rig.color(rig.trace(2)) == "-");
  CHECK(rig.color(rig.trace(1)) == "red");
  CHECK(rig.color(rig.request(1)) == "red");
  const auto counters = rig.table.counters();
  CHECK(counters.entries == 3);
  CHECK(counters.ids == 6);
  CHECK(counters.evictions == 2);
  CHECK(counters.full == 0);
}

TEST_CASE("when all run a new request is not recorded; known ids count it all the same") {
  TableRig rig({.max_entries = 2});
  auto one = rig.record({rig.trace(1)}, "red");
  auto two = rig.record({rig.trace(2)}, "red");
  auto lost = rig.record({rig.trace(3), rig.request(3)}, "red");
  CHECK_FALSE(lost.recorded());
  CHECK(rig.table.live() == 2);
  CHECK(rig.table.counters().full == 1);
  CHECK(rig.color(rig.trace(3)) == "-");

  auto half = rig.record({rig.request(4), rig.trace(1)}, "red");
  CHECK(half.recorded());
  CHECK(rig.table.live() == 3);
  CHECK(rig.color(rig.request(4)) == "-");
  CHECK(rig.table.describe(rig.trace(1), rig.arena, rig.now)->active == 2);
  auto known = rig.record({rig.trace(1), rig.trace(2)}, "red");
  CHECK(rig.table.counters().full == 2);
  auto other = rig.record({rig.trace(9), rig.trace(2)}, "blue");
  CHECK(rig.color(rig.trace(2)) == "?");
  CHECK(rig.table.counters().full == 3);
  CHECK(rig.table.counters().entries == 2);
  CHECK(rig.table.counters().evictions == 0);
}

TEST_CASE("a request whose ids are all known adds no entry") {
  TableRig rig({.max_entries = 2});
  auto one = rig.record({rig.trace(1), rig.request(1)}, "red");
  auto again = rig.record({rig.request(1), rig.trace(1)}, "red");
  CHECK(rig.table.counters().entries == 1);
  auto more = rig.record({rig.trace(1), rig.request(2), rig.request(3)}, "red");
  CHECK(rig.table.counters().entries == 2);
  CHECK(rig.table.counters().ids == 4);
  one.finish(rig.now);
  again.finish(rig.now);
  more.finish(rig.now);
  rig.pass(seconds(30));
  rig.table.expire(rig.now);
  CHECK(rig.table.counters().entries == 0);
  CHECK(rig.table.counters().ids == 0);
}

TEST_CASE("an entry that had expired before it gave way was not evicted") {
  TableRig rig({.max_entries = 1, .linger = seconds(30)});
  rig.record({rig.trace(1)}, "red").finish(rig.now);
  rig.pass(seconds(30));
  auto two = rig.record({rig.trace(2)}, "red");
  CHECK(rig.color(rig.trace(2)) == "red");
  CHECK(rig.table.counters().evictions == 0);
  CHECK(rig.table.counters().entries == 1);
}

TEST_CASE("it is always exactly the oldest that goes, over all shards and within a millisecond") {
  constexpr size_t kEntries = 500;
  TableRig rig({.max_entries = kEntries, .linger = hours(1)});
  Random random(3);
  std::vector<std::pair<uint64_t, ContextTable::Ticket>> running;
  std::deque<uint64_t> ended;  // oldest first
  std::set<uint64_t> gone;
  for (uint64_t next = 0; next < 5000; ++next) {
    if (running.size() + ended.size() == kEntries) {
      REQUIRE_FALSE(ended.empty());
      gone.insert(ended.front());
      ended.pop_front();
    }
    running.emplace_back(next, rig.record({rig.trace(next), rig.request(next)}, "red"));
    while (running.size() > 100 || (!running.empty() && random.below(3) == 0)) {
      const size_t which = random.below(running.size());
      running[which].second.finish(rig.now);
      ended.push_back(running[which].first);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (random.below(4) == 0) rig.pass(milliseconds(1));
    const uint64_t asked = random.below(next + 1);
    REQUIRE(rig.color(rig.trace(asked)) == (gone.count(asked) ? "-" : "red"));
    REQUIRE(rig.color(rig.request(asked)) == (gone.count(asked) ? "-" : "red"));
  }
  CHECK(gone.size() == 4500);
  CHECK(rig.table.counters().evictions == gone.size());
  CHECK(rig.table.counters().full == 0);
}

TEST_CASE("new limits hold for what is there") {
  TableRig rig({.max_entries = 10, .linger = seconds(30)});
  std::vector<ContextTable::Ticket> tickets;
  for (uint64_t i = 0; i < 10; ++i) tickets.push_back(rig.record({rig.trace(i)}, "red"));
  for (size_t i = 0; i < 5; ++i) {
    tickets[i].finish(rig.now);
    rig.pass(milliseconds(1));
  }
  rig.table.configure({.max_entries = 7, .linger = seconds(60)});
  CHECK(rig.table.counters().entries == 7);
  CHECK(rig.table.counters().evictions == 3);
  CHECK(rig.color(rig.trace(2)) == "-");
  CHECK(rig.color(rig.trace(3)) == "red");

  rig.table.configure({.max_entries = 1, .linger = seconds(60)});
  CHECK(rig.table.counters().entries == 5);  // those that run stay
  tickets[5].finish(rig.now);
  rig.table.expire(rig.now);
  CHECK(rig.table.counters().entries == 4);

  rig.table.configure({.max_entries = 10, .linger = seconds(10)});
  tickets[6].finish(rig.now);
  rig.pass(seconds(10));
  CHECK(rig.color(rig.trace(6)) == "-");
}

TEST_CASE("carried bytes are bounded; what is over keeps its colour") {
  TableRig rig;
  std::vector<ContextTable::Ticket> tickets;
  constexpr size_t kFitting = kMaxTableCarriedBytes / kMaxCarriedBytes;
  for (uint64_t i = 0; i < kFitting + 10; ++i) {
    std::string value = std::to_string(i);
    value.resize(kMaxCarriedBytes - 3, '.');
    const CarriedHeader carried[] = {{"abc", value}};
    tickets.push_back(rig.record({rig.trace(i)}, {.values = {"red", ""}, .carried = carried}));
  }
  CHECK(rig.table.counters().carried_bytes == kMaxTableCarriedBytes);
  CHECK(rig.table.counters().carry_dropped == 10);
  CHECK(rig.find(rig.trace(kFitting - 1)).record.carried.size() == 1);
  CHECK(rig.color(rig.trace(kFitting)) == "red");
  CHECK(rig.find(rig.trace(kFitting)).carried_unknown);

  tickets.clear();
  rig.pass(seconds(30));
  rig.table.expire(rig.now);
  CHECK(rig.table.counters().carried_bytes == 0);
  CHECK(rig.table.empty());
}

TEST_CASE("a record with too much to carry keeps its colour") {
  TableRig rig;
  const std::string big(kMaxCarriedBytes, 'v');
  const CarriedHeader carried[] = {{"a", big}};
  for (int again = 0; again < 2; ++again) {
    auto ticket =
        rig.record({rig.trace(1), rig.trace(2)}, {.values = {"red", "acme"}, .carried = carried});
    CHECK(rig.find(rig.trace(1)).record.values == ContextValues{"red", "acme"});
    CHECK(rig.find(rig.trace(1)).carried_unknown);
  }
  CHECK(rig.table.counters().carry_dropped == 2);
}

TEST_CASE("65,536 entries of two ids each take less than 8 MiB") {
  TableRig rig;
  std::vector<ContextTable::Ticket> tickets;
  for (uint64_t i = 0; i < 65536; ++i) {
    tickets.push_back(
        rig.record({rig.trace(i), rig.request(i)}, "color-" + std::to_string(i % 50)));
  }
  CHECK(rig.table.counters().ids == 131072);
  CHECK(rig.table.bytes() < (size_t{8} << 20));
  CHECK(rig.color(rig.request(4242)) == "color-42");
  tickets.clear();
  rig.pass(seconds(30));
  rig.table.expire(rig.now);
  CHECK(rig.table.empty());
  const size_t before = rig.table.bytes();
  for (uint64_t i = 0; i < 60000; ++i) {
    tickets.push_back(rig.record({rig.trace(i + 100000), rig.request(i + 100000)}, "red"));
  }
  CHECK(rig.table.bytes() <= before + 10000);
}
