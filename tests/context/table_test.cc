#include "proxy/context/table.h"

#include <optional>

#include "tests/context/table_rig.h"

using namespace woad;
using Kind = ContextLookup::Kind;

TEST_CASE("a recorded request is found by each of its ids with all it brought") {
  TableRig rig;
  CHECK(rig.table.empty());
  const CarriedHeader carried[] = {{"x-user-id", "u1"}, {"x-user-id", "u2"}};
  const ContextRecord record{.values = {"red.alice", "acme"},
                             .carried = carried,
                             .deadline = rig.now + seconds(15),
                             .attempt = 2,
                             .parent_span = {77},
                             .trace = {7, 1},
                             .request_id = "01234567-89ab-cdef-0fed-cba987654321"};
  auto ticket = rig.record({rig.trace(1), rig.request(1)}, record);
  CHECK(ticket.recorded());
  CHECK_FALSE(rig.table.empty());
  CHECK(rig.table.live() == 1);
  for (const ContextKey id : {rig.trace(1), rig.request(1)}) {
    const ContextLookup lookup = rig.find(id);
    REQUIRE(lookup.kind == Kind::kFound);
    CHECK_FALSE(lookup.carried_unknown);
    CHECK(lookup.record.values == record.values);
    CHECK(lookup.record.deadline == record.deadline);
    CHECK(lookup.record.attempt == 2);
    CHECK(lookup.record.parent_span == SpanId{77});
    REQUIRE(lookup.record.carried.size() == 2);
    CHECK(lookup.record.carried[1].name == "x-user-id");
    CHECK(lookup.record.carried[1].value == "u2");
    CHECK(lookup.record.trace == (id.is_trace ? TraceId{} : TraceId{7, 1}));
    CHECK(lookup.record.request_id == (id.is_trace ? record.request_id : std::string_view()));
  }
  CHECK(rig.color(rig.trace(2)) == "-");
  CHECK(rig.color(rig.request(2)) == "-");
}

TEST_CASE("a request id that is no UUID finds its request, but does not come back") {
  TableRig rig;
  auto ticket = rig.record({rig.trace(1), rig.request(1)},
                           {.values = {"red", ""}, .trace = {7, 1}, .request_id = "1"});
  CHECK(rig.color(rig.request(1)) == "red");
  CHECK(rig.find(rig.trace(1)).record.request_id.empty());
}

TEST_CASE("an id lingers after the end of its request, without the deadline") {
  TableRig rig({.linger = seconds(30)});
  auto ticket = rig.record(
      {rig.trace(1)},
      {.values = {"red", ""}, .deadline = rig.now + seconds(15), .attempt = 3, .parent_span = {5}});
  rig.pass(seconds(100));  // a request runs as long as it likes
  CHECK(rig.find(rig.trace(1)).record.deadline == rig.now - seconds(85));
  ticket.finish(rig.now);
  ticket.finish(rig.now + seconds(50));
  CHECK(rig.table.live() == 0);
  rig.pass(milliseconds(29999));
  const ContextLookup lookup = rig.find(rig.trace(1));
  REQUIRE(lookup.kind == Kind::kFound);
  CHECK(lookup.record.deadline == MonoTime::max());
  CHECK(lookup.record.attempt == 3);
  CHECK(lookup.record.parent_span == SpanId{5});
  rig.table.expire(rig.now);
  CHECK(rig.color(rig.trace(1)) == "red");
  rig.pass(milliseconds(1));
  CHECK(rig.color(rig.trace(1)) == "-");
  CHECK_FALSE(rig.table.empty());
  rig.table.expire(rig.now);
  CHECK(rig.table.empty());
}

TEST_CASE("a ticket that is dropped ends its request at the last time that was told") {
  TableRig rig({.linger = seconds(30)});
  {
    auto ticket = rig.record({rig.trace(1)}, "red");
    rig.pass(seconds(600));
    rig.table.expire(rig.now);
    ContextTable::Ticket moved = std::move(ticket);
    CHECK_FALSE(ticket.recorded());  // NOLINT(bugprone-use-after-move)
    CHECK(moved.recorded());
    CHECK(rig.table.live() == 1);
  }
  CHECK(rig.table.live() == 0);
  rig.pass(milliseconds(29999));
  CHECK(rig.color(rig.trace(1)) == "red");
  rig.pass(milliseconds(1));
  CHECK(rig.color(rig.trace(1)) == "-");
}

TEST_CASE("a ticket that is assigned to ends its own request first") {
  TableRig rig;
  auto ticket = rig.record({rig.trace(1)}, "red");
  ticket = rig.record({rig.trace(2)}, "blue");
  CHECK(rig.table.live() == 1);
  ticket = {};
  CHECK(rig.table.live() == 0);
}

TEST_CASE("requests of one context share an id; where they differ nothing is guessed") {
  const MonoTime now(hours(1000));
  const char* const kOne = "01234567-89ab-cdef-0fed-cba987654321";
  const char* const kTwo = "99999999-89ab-cdef-0fed-cba987654321";
  const ContextRecord first{.values = {"red", ""},
                            .deadline = now + seconds(5),
                            .attempt = 1,
                            .parent_span = {1},
                            .request_id = kOne};
  const struct {
    ContextRecord second;
    MonoTime deadline;
    uint32_t attempt;
    SpanId span;
    std::string_view request_id;
  } kCases[] = {
      {first, now + seconds(5), 1, {1}, kOne},
      {{.values = {"red", ""},
        .deadline = now + seconds(9),
        .attempt = 2,
        .parent_span = {2},
        .request_id = kTwo},
       now + seconds(9),
       2,
       {},
       ""},
      {{.values = {"red", ""}, .deadline = now + seconds(2)}, now + seconds(5), 1, {}, ""},
      {{.values = {"red", ""}, .parent_span = {1}}, MonoTime::max(), 1, {1}, ""},
  };
  for (const auto& test : kCases) {
    for (const bool swapped : {false, true}) {
      CAPTURE(&test - kCases);
      CAPTURE(swapped);
      TableRig rig;
      auto one = rig.record({rig.trace(1)}, swapped ? test.second : first);
      auto two = rig.record({rig.trace(1)}, swapped ? first : test.second);
      const ContextRecord found = rig.find(rig.trace(1)).record;
      CHECK(found.values == ContextValues{"red", ""});
      CHECK(found.deadline == test.deadline);
      CHECK(found.attempt == test.attempt);
      CHECK(found.parent_span == test.span);
      CHECK(found.request_id == test.request_id);
      CHECK(rig.table.counters().entries == 1);
      CHECK(rig.table.counters().conflicts == 0);
      CHECK(rig.table.live() == 2);
      one.finish(rig.now);
      CHECK(rig.find(rig.trace(1)).record.deadline == test.deadline);
      rig.pass(hours(1));
      CHECK(rig.color(rig.trace(1)) == "red");
    }
  }
}

TEST_CASE("a request that comes while its id lingers brings its own facts") {
  TableRig rig;
  rig.record({rig.trace(1)}, {.values = {"red", ""}, .attempt = 3, .parent_span = {1}})
      .finish(rig.now);
  rig.pass(seconds(1));
  auto ticket = rig.record(
      {rig.trace(1)},
      {.values = {"red", ""}, .deadline = rig.now + seconds(1), .attempt = 1, .parent_span = {2}});
  rig.pass(seconds(60));
  const ContextRecord found = rig.find(rig.trace(1)).record;
  CHECK(found.parent_span == SpanId{2});
  CHECK(found.attempt == 1);
  CHECK(found.deadline == rig.now - seconds(59));
}

TEST_CASE("requests that carry different headers keep their colour alone") {
  const CarriedHeader one[] = {{"x-user-id", "u1"}};
  const CarriedHeader two[] = {{"x-user-id", "u2"}};
  for (const bool ended : {false, true}) {
    CAPTURE(ended);
    TableRig rig;
    auto first = rig.record({rig.trace(1)}, {.values = {"red", ""}, .carried = one});
    auto same = rig.record({rig.trace(1)}, {.values = {"red", ""}, .carried = one});
    CHECK(rig.find(rig.trace(1)).record.carried.size() == 1);
    if (ended) {
      first.finish(rig.now);
      same.finish(rig.now);
    }
    auto second = rig.record({rig.trace(1)}, {.values = {"red", ""}, .carried = two});
    for (int again = 0; again < 2; ++again) {
      const ContextLookup found = rig.find(rig.trace(1));
      CHECK(found.kind == Kind::kFound);
      CHECK(found.carried_unknown);
      CHECK(found.record.carried.empty());
      CHECK(found.record.values.color == "red");
      auto third = rig.record({rig.trace(1)}, "red");  // without any: known no more either
    }
    CHECK(rig.table.counters().conflicts == 0);
    CHECK(rig.table.counters().carry_dropped == 0);
    CHECK(rig.table.counters().carried_bytes == 0);
  }
}

TEST_CASE("an id of two contexts is ambiguous until all is over") {
  const struct {
    ContextValues first;
    ContextValues second;
  } kCases[] = {
      {{"red", ""}, {"blue", ""}},
      {{"red", ""}, {"red.alice", ""}},
      {{"red", "acme"}, {"red", "other"}},
      {{"red", "acme"}, {"red", ""}},
      {{"red", ""}, {"", ""}},
      {{"", ""}, {"", "acme"}},
  };
  for (const auto& test : kCases) {
    for (const bool ended : {false, true}) {
      CAPTURE(test.first.color);
      CAPTURE(test.second.color);
      CAPTURE(ended);
      TableRig rig({.linger = seconds(30)});
      auto first = rig.record({rig.trace(1), rig.request(1)}, {.values = test.first});
      if (ended) first.finish(rig.now);
      auto second = rig.record({rig.trace(1), rig.request(2)}, {.values = test.second});
      CHECK(rig.color(rig.trace(1)) == "?");
      CHECK(rig.find(rig.request(1)).record.values == test.first);
      CHECK(rig.find(rig.request(2)).record.values == test.second);
      CHECK(rig.table.counters().conflicts == 1);
      auto third = rig.record({rig.trace(1)}, {.values = test.first});
      CHECK(rig.color(rig.trace(1)) == "?");
      CHECK(rig.table.counters().conflicts == 1);
      first.finish(rig.now);
      rig.pass(seconds(60));
      second.finish(rig.now);
      rig.pass(seconds(60));
      CHECK(rig.color(rig.trace(1)) == "?");
      third.finish(rig.now);
      rig.pass(milliseconds(29999));
      rig.table.expire(rig.now);
      CHECK(rig.color(rig.trace(1)) == "?");
      rig.pass(milliseconds(1));
      CHECK(rig.color(rig.trace(1)) == "-");
      auto fresh = rig.record({rig.trace(1)}, {.values = test.second});
      CHECK(rig.find(rig.trace(1)).record.values == test.second);
    }
  }
}

TEST_CASE("a request without context makes the ids of dyed ones ambiguous, and no others") {
  TableRig rig;
  rig.contradict({rig.trace(1)});
  auto red = rig.record({rig.trace(1), rig.request(1)}, "red");
  auto tenant = rig.record({rig.trace(2)}, {.values = {"", "acme"}});
  auto undyed = rig.record({rig.trace(3)}, "");
  rig.record({rig.trace(4)}, "red").finish(rig.now);
  CHECK(rig.table.live() == 2);
  rig.contradict({rig.trace(9), rig.trace(3)});
  CHECK(rig.table.counters().conflicts == 0);
  rig.contradict({rig.trace(1), rig.trace(2), rig.trace(4)});
  CHECK(rig.table.counters().conflicts == 1);
  rig.contradict({rig.trace(1)});
  CHECK(rig.table.counters().conflicts == 1);
  CHECK(rig.color(rig.trace(1)) == "?");
  CHECK(rig.color(rig.request(1)) == "red");
  CHECK(rig.color(rig.trace(2)) == "?");
  CHECK(rig.find(rig.trace(3)).kind == Kind::kFound);
  CHECK(rig.color(rig.trace(4)) == "?");
  CHECK(rig.color(rig.trace(9)) == "-");

  rig.record({rig.trace(5)}, "red").finish(rig.now);
  rig.pass(seconds(30));
  rig.contradict({rig.trace(5)});
  CHECK(rig.table.counters().conflicts == 1);
}

TEST_CASE("an undyed context is a context like any other") {
  TableRig rig;
  auto ticket = rig.record({rig.trace(1)}, "");
  CHECK(rig.find(rig.trace(1)).kind == Kind::kFound);
  CHECK(rig.table.live() == 0);
  auto dyed = rig.record({rig.trace(1)}, "red");
  CHECK(rig.color(rig.trace(1)) == "?");
}

TEST_CASE("the first four ids count, and each once") {
  TableRig rig;
  auto none = rig.record({}, "red");
  CHECK_FALSE(none.recorded());
  CHECK(rig.table.empty());
  CHECK(rig.table.live() == 0);
  auto twice = rig.record({rig.trace(1), rig.trace(1), rig.request(1)}, "red");
  CHECK(rig.table.counters().ids == 2);
  CHECK(rig.find(rig.trace(1)).record.values.color == "red");
  auto five =
      rig.record({rig.trace(2), rig.trace(3), rig.trace(4), rig.trace(5), rig.trace(6)}, "blue");
  CHECK(rig.table.counters().ids == 6);
  CHECK(rig.color(rig.trace(5)) == "blue");
  CHECK(rig.color(rig.trace(6)) == "-");
  twice.finish(rig.now);
  five.finish(rig.now);
  rig.pass(seconds(30));
  rig.table.expire(rig.now);
  CHECK(rig.table.empty());
}

TEST_CASE("an id can be described") {
  TableRig rig({.linger = seconds(30)});
  const auto describe = [&](ContextKey id) { return rig.table.describe(id, rig.arena, rig.now); };
  CHECK_FALSE(describe(rig.trace(1)));
  auto one = rig.record({rig.trace(1)}, "red");
  auto two = rig.record({rig.trace(1)}, "red");
  auto running = describe(rig.trace(1));
  REQUIRE(running);
  CHECK(running->active == 2);
  CHECK_FALSE(running->expires_in);
  CHECK(running->lookup.record.values.color == "red");
  auto three = rig.record({rig.trace(1)}, "blue");
  CHECK(describe(rig.trace(1))->active == 3);
  CHECK(describe(rig.trace(1))->lookup.kind == Kind::kAmbiguous);
  one.finish(rig.now);
  two.finish(rig.now);
  three.finish(rig.now);
  rig.pass(seconds(10));
  CHECK(describe(rig.trace(1))->active == 0);
  CHECK(describe(rig.trace(1))->expires_in == seconds(20));
  rig.pass(seconds(20));
  CHECK_FALSE(describe(rig.trace(1)));
}

TEST_CASE("conflicts are reported at most once a minute, and none is left out") {
  TableRig rig;
  std::vector<ContextTable::Ticket> tickets;
  const auto conflict = [&](uint64_t number) {
    tickets.push_back(rig.record({rig.trace(number)}, "red"));
    tickets.push_back(rig.record({rig.trace(number)}, "blue"));
  };
  CHECK(rig.table.conflicts_to_report(rig.now) == 0);
  conflict(1);
  CHECK(rig.table.conflicts_to_report(rig.now) == 1);
  conflict(2);
  conflict(3);
  rig.pass(milliseconds(59999));
  CHECK(rig.table.conflicts_to_report(rig.now) == 0);
  rig.pass(milliseconds(1));
  CHECK(rig.table.conflicts_to_report(rig.now) == 2);
  rig.pass(minutes(5));
  CHECK(rig.table.conflicts_to_report(rig.now) == 0);
}

TEST_CASE("times wrap around") {
  for (const int64_t start : {int64_t{0}, int64_t{0x7fffffff}, int64_t{0xffffffff}}) {
    CAPTURE(start);
    TableRig rig({.linger = seconds(30)});
    rig.now = MonoTime(milliseconds(start) + milliseconds(0x100000000) - seconds(1));
    auto ticket =
        rig.record({rig.trace(1)}, {.values = {"red", ""}, .deadline = rig.now + seconds(2)});
    rig.pass(seconds(1) + milliseconds(1));
    CHECK(rig.find(rig.trace(1)).record.deadline == rig.now + milliseconds(999));
    ticket.finish(rig.now - seconds(2));
    rig.pass(seconds(28) - milliseconds(1));
    rig.table.expire(rig.now);
    CHECK(rig.color(rig.trace(1)) == "red");
    rig.pass(milliseconds(1));
    rig.table.expire(rig.now);
    CHECK(rig.table.empty());
  }
}
