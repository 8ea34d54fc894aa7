// What the filter contract says of tries: a head each, an outcome each, and no wish that is
// overruled.
#include <doctest/doctest.h>

#include "tests/exchange/rig.h"

using namespace woad;
using namespace woad::test;

namespace {

// Only a head can wait.
static_assert(!std::is_convertible_v<HeadVerdict, Verdict>);
static_assert(std::is_convertible_v<Verdict, HeadVerdict>);

constexpr std::string_view kTwoEndpoints = R"(services:
  price:
    protocol: http1
    load_balancing: { policy: round_robin }
    endpoints: [ { address: 127.0.0.1:9001 }, { address: 127.0.0.1:9002 } ]
  empty: { endpoints: [] }
  named: { endpoints: [ { address: nowhere.test:80 } ] }
)";

size_t count(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// Writes down every try: "1 connect_failed 127.0.0.1:9001 connect_failed", an '!' behind it when no
// other could be made.
struct Heard {
  explicit Heard(Script& script) {
    script.attempt = [this](AttemptPlan&, RequestHead&) {
      ++attempts;
      return Verdict::go();
    };
    script.outcome = [this](const Outcome& outcome) {
      ++outcomes;
      if (!text.empty()) text += " | ";
      text += std::to_string(outcome.number) + " " + std::string(outcome_info(outcome.kind).word);
      if (outcome.endpoint != nullptr) text += " " + outcome.endpoint->name;
      if (outcome.error != ErrorCode::kNone) {
        text += " " + std::string(error_info(outcome.error).code);
      }
      if (outcome.response != nullptr) {
        text += " " + std::to_string(outcome.status());
        if (const Header* after = outcome.response->headers.find("retry-after")) {
          text += " after " + std::string(after->value);
        }
      }
      if (!outcome.may_try_again) text += "!";
    };
  }
  int attempts = 0;
  int outcomes = 0;
  std::string text;
};

TEST_CASE("tries: each has a head of its own") {
  ExchangeRig rig(kTwoEndpoints);
  rig.first().attempt = [](AttemptPlan& plan, RequestHead& head) {
    head.headers.remove("x-from-client");
    head.headers.add(plan.number == 1 ? "x-first" : "x-later", "1");
    return Verdict::go();
  };
  rig.first().next_try = [](const Outcome& outcome) {
    return outcome.number < 3 ? Next::again(milliseconds(1)) : Next::done();
  };
  std::string seen;
  rig.second().attempt = [&](AttemptPlan&, RequestHead& head) {
    for (const Header& field : head.headers) seen += std::string(field.name) + " ";
    seen += "| ";
    head.path = "/tried";
    return Verdict::go();
  };
  std::string before;
  rig.second().request_head = [&](RequestHead& head, bool) {
    for (const Header& field : head.headers) before += std::string(field.name) + " ";
    return HeadVerdict::go();
  };
  rig.request("GET", "/a", true, {{"x-from-client", "1"}});
  CHECK(before == "x-from-client x-woad-hops ");
  rig.world.dialer.fail(0);
  rig.world.pass(milliseconds(2));
  REQUIRE(rig.dials() == 2);
  MemoryPeer& up = rig.accept(1);
  CHECK(count(up.received(), "x-later: 1\r\n") == 1);
  CHECK(count(up.received(), "x-first") == 0);
  CHECK(count(up.received(), "x-from-client") == 0);
  up.send(answer("busy", "503 Service Unavailable"));
  rig.world.pass(milliseconds(2));
  REQUIRE(rig.dials() == 3);
  CHECK(seen == "x-woad-hops x-first | x-woad-hops x-later | x-woad-hops x-later | ");
  rig.accept(2).send(answer("ok"));
  rig.finish();
}

TEST_CASE("tries: a try that goes again on a fresh connection keeps its head and its one outcome") {
  ExchangeRig rig;
  MemoryPeer& stale = rig.warm_up();
  Heard heard(rig.first());
  rig.second().attempt = [](AttemptPlan&, RequestHead& head) {
    head.headers.add("x-try", "1");
    return Verdict::go();
  };
  rig.get();
  rig.world.turn();
  stale.lose();
  REQUIRE(rig.dials() == 2);
  MemoryPeer& fresh = rig.accept(1);
  CHECK(count(fresh.received(), "x-try: 1\r\n") == 1);
  fresh.send(answer("ok"));
  rig.finish();
  CHECK(heard.attempts == 1);
  CHECK(heard.text == "1 answered 127.0.0.1:9001 200");
}

TEST_CASE("tries: exactly one outcome each, however it ends") {
  struct Case {
    std::string_view what, heard;
  };
  const Case cases[] = {
      {"answered", "1 answered 127.0.0.1:9001 503 after 7"},
      {"refused dial", "1 connect_failed 127.0.0.1:9001 connect_failed"},
      {"lost", "1 reset 127.0.0.1:9001 upstream_reset"},
      {"garbage", "1 bad_response 127.0.0.1:9001 bad_upstream_response"},
      {"slow", "1 per_try_timeout 127.0.0.1:9001 timeout"},
      {"client gone", "1 cancelled 127.0.0.1:9001!"},
      {"client gone while dialing", "1 cancelled 127.0.0.1:9001!"},
      {"answered by a filter", "1 cancelled 127.0.0.1:9001 timeout!"},
      {"cut by the worker", "1 cancelled 127.0.0.1:9001!"},
      {"cut behind its head", "1 answered 127.0.0.1:9001 200"},
      {"client gone behind the head", "1 answered 127.0.0.1:9001 200"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    ExchangeRig rig;
    Heard heard(rig.first());
    rig.second().attempt = [&](AttemptPlan& plan, RequestHead&) {
      plan.per_try = seconds(2);
      return Verdict::go();
    };
    rig.get();
    const auto is = [&](std::string_view what) { return each.what == what; };
    if (is("refused dial")) rig.world.dialer.fail(0);
    if (is("client gone while dialing")) rig.sink().on_reset(ResetReason::kCancel, "gone");
    if (!is("refused dial") && !is("client gone while dialing")) {
      MemoryPeer& up = rig.accept(0);
      if (is("answered")) {
        up.send("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n");
      }
      if (is("lost")) up.lose();
      if (is("garbage")) up.send("what?\r\n\r\n");
      if (is("slow")) rig.world.pass(seconds(3));
      if (is("client gone")) rig.sink().on_reset(ResetReason::kCancel, "gone");
      if (is("answered by a filter")) {
        rig.second().context->reply({.code = ErrorCode::kTimeout, .details = "too long"});
      }
      if (is("cut by the worker")) rig.exchange->abort("stopping");
      if (each.what.ends_with("behind its head") || each.what.ends_with("behind the head")) {
        up.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
        if (is("cut behind its head")) {
          up.lose();
        } else {
          rig.sink().on_reset(ResetReason::kCancel, "gone");
        }
      }
    }
    rig.finish();
    CHECK(heard.attempts == 1);
    CHECK(heard.text == each.heard);
  }
}

TEST_CASE("tries: one that was not made is told to those that let it go") {
  SUBCASE("a later filter refuses, by whatever code, and that is woad's doing") {
    ExchangeRig rig;
    Heard heard(rig.first());
    rig.second().attempt = [](AttemptPlan&, RequestHead&) {
      return Verdict::reply({.code = ErrorCode::kUpstreamReset, .details = "no"});
    };
    int told = 0;
    rig.second().outcome = [&](const Outcome&) { ++told; };
    ClosedBy closed_by = ClosedBy::kNobody;
    rig.first().end = [&](const ExchangeInfo& info) { closed_by = info.closed_by; };
    rig.get();
    rig.finish();
    CHECK(heard.text == "1 not_made upstream_reset!");
    CHECK(told == 0);
    CHECK(closed_by == ClosedBy::kWoad);
  }
  SUBCASE("a pool without endpoints") {
    ExchangeRig rig(kTwoEndpoints);
    Heard heard(rig.second());
    rig.request("GET", "/", true, {}, "empty");
    rig.finish();
    CHECK(heard.attempts == 1);
    CHECK(heard.text == "1 not_made no_endpoint!");
  }
  SUBCASE("a name without an address") {
    ExchangeRig rig(kTwoEndpoints);
    Heard heard(rig.second());
    rig.request("GET", "/", true, {}, "named");
    rig.finish();
    CHECK(heard.text == "1 not_made connect_failed!");
  }
}

TEST_CASE("tries: a filter holds one back") {
  struct Case {
    std::string_view what;
    std::string_view first;   // what the filter in front heard
    std::string_view second;  // the one that waited
    std::string_view log;     // what the client got
  };
  for (const Case& each : {
           Case{"resume", "1 answered 127.0.0.1:9001 200", "1 answered 127.0.0.1:9001 200", "200"},
           Case{"reply", "1 not_made overloaded!", "", "503"},
           Case{"gone", "1 not_made!", "", ""},
       }) {
    CAPTURE(each.what);
    ExchangeRig rig(kTwoEndpoints);
    Heard first(rig.first());
    Heard second(rig.second());
    rig.second().attempt = [&](AttemptPlan&, RequestHead&) {
      ++second.attempts;
      return HeadVerdict::wait();
    };
    rig.request("POST", "/", false);
    rig.data("some body", false);
    CHECK(rig.dials() == 0);
    if (each.what == "resume") {
      rig.second().context->resume();
      MemoryPeer& up = rig.accept(0);
      rig.data(" more", true);
      rig.world.turn();
      up.pump();
      CHECK(up.received().find("some body") != std::string::npos);
      CHECK(up.received().find(" more") != std::string::npos);
      up.send(answer("done"));
    } else if (each.what == "reply") {
      rig.second().context->reply({.code = ErrorCode::kOverloaded, .details = "no room"});
    } else {
      rig.sink().on_reset(ResetReason::kConnectionLost, "the client is gone");
    }
    rig.finish();
    CHECK(first.text == each.first);
    CHECK(second.text == each.second);
    CHECK(first.attempts == 1);
    CHECK(second.attempts == 1);
    CHECK(rig.client.log.starts_with(each.log));
  }
}

TEST_CASE("tries: nobody is asked for another one that could not be made") {
  struct Case {
    size_t body;
    int asked;
    std::string_view log;
  };
  for (const Case& each : {Case{64 * 1024, 1, ""}, Case{64 * 1024 + 1, 0, "503 | end"}}) {
    CAPTURE(each.body);
    ExchangeRig rig(kTwoEndpoints);
    int asked = 0;
    bool may = false;
    rig.first().outcome = [&](const Outcome& outcome) { may = outcome.may_try_again; };
    rig.first().next_try = [&](const Outcome&) {
      ++asked;
      return Next::again(milliseconds(5));
    };
    rig.request("POST", "/", false);
    MemoryPeer& up = rig.accept(0);
    rig.data(std::string(each.body, 'x'), true);
    rig.world.turn();
    up.pump();
    up.send(answer("busy", "503 Service Unavailable"));
    CHECK(rig.client.log == each.log);
    CHECK(asked == each.asked);
    CHECK(may == (each.asked == 1));
    if (!rig.ended) rig.exchange->abort("done");
    rig.finish();
  }
}

TEST_CASE("tries: bodies are kept as long as the process has room for them") {
  ProcessMemory memory;
  for (const size_t elsewhere : {ProcessMemory::kMostKept - 100, ProcessMemory::kMostKept - 99}) {
    CAPTURE(elsewhere);
    REQUIRE(memory.keep(elsewhere));
    ExchangeRig rig(kTwoEndpoints);
    rig.worker.memory = &memory;
    bool may = false;
    rig.first().outcome = [&](const Outcome& outcome) { may = outcome.may_try_again; };
    rig.request("POST", "/", false);
    MemoryPeer& up = rig.accept(0);
    rig.data(std::string(60, 'x'), false);
    CHECK(memory.kept() == elsewhere + 60);
    rig.data(std::string(40, 'x'), true);
    rig.world.turn();
    const bool room = elsewhere + 100 <= ProcessMemory::kMostKept;
    CHECK(memory.kept() == elsewhere + (room ? 100 : 0));
    up.pump();
    CHECK(up.received().ends_with(std::string(40, 'x') + "\r\n0\r\n\r\n"));
    up.send(answer("busy", "503 Service Unavailable"));
    CHECK(may == room);
    CHECK(memory.kept() == elsewhere);
    rig.finish();
    memory.give_back(elsewhere);
  }
  CHECK(memory.kept() == 0);
}

TEST_CASE("tries: no request waits for the trial of one that could not be connected to") {
  ExchangeRig rig(kTwoEndpoints);
  const auto now = [&] { return rig.world.scheduler.now(); };
  EndpointHealth& dead = *rig.snapshot->services[0]->service.pools()[0].endpoints[0].health;
  dead.unreachable(now());
  dead.ejection.eject(now(), {1, seconds(1), seconds(8), 0.5}, rig.random);
  rig.world.pass(seconds(2));
  const auto answered_by = [&](size_t dial) {
    MemoryPeer& up = rig.world.dialer.peer(dial);
    rig.world.turn();
    up.pump();
    CHECK(up.take_received().starts_with("GET / "));
    up.send(answer("ok"));
    rig.finish();
    rig.client = ClientWriter();
  };
  rig.get();
  REQUIRE(rig.dials() == 2);
  CHECK(rig.world.dialer.calls[0].address == "127.0.0.1:9001");
  rig.accept(1);
  answered_by(1);
  SUBCASE("it still cannot") {
    rig.world.dialer.fail(0);
    rig.get();
    answered_by(1);
    CHECK(rig.dials() == 2);
    rig.world.pass(Ejection::kPutOff);
    rig.get();
    answered_by(1);
    REQUIRE(rig.dials() == 3);
    CHECK(rig.world.dialer.calls[2].address == "127.0.0.1:9001");
  }
  SUBCASE("it is still being tried") {
    rig.world.pass(Ejection::kPutOff);
    rig.get();
    answered_by(1);
    CHECK(rig.dials() == 2);
  }
  SUBCASE("it can again") {
    rig.accept(0);
    CHECK(dead.ejection.out());
    rig.get();
    answered_by(0);
    CHECK_FALSE(dead.ejection.out());
    CHECK(rig.dials() == 2);
  }
}

TEST_CASE("tries: a trial ends with its try, also where no filter judges instances") {
  struct Row {
    std::string_view what;
    bool out;
    bool another_may_begin;
  };
  for (const Row& row :
       {Row{"answered", false, true}, Row{"failed", true, false}, Row{"left", true, true}}) {
    CAPTURE(row.what);
    ExchangeRig rig(kTwoEndpoints);
    const auto now = [&] { return rig.world.scheduler.now(); };
    Ejection& ejection =
        rig.snapshot->services[0]->service.pools()[0].endpoints[0].health->ejection;
    ejection.eject(now(), {1, seconds(1), seconds(8), 0.5}, rig.random);
    rig.world.pass(seconds(2));
    rig.get();
    REQUIRE(rig.world.dialer.calls[0].address == "127.0.0.1:9001");
    CHECK(ejection.keeps_out(now()));
    MemoryPeer& up = rig.accept(0);
    if (row.what == "answered") up.send(answer("ok"));
    if (row.what == "failed") up.send(answer("no", "503 Service Unavailable"));
    if (row.what == "left") rig.sink().on_reset(ResetReason::kCancel, "the client went");
    CHECK(ejection.out() == row.out);
    CHECK(ejection.begin(now()) == row.another_may_begin);
    rig.finish();
  }
}

TEST_CASE("tries: the first filter that wants another has it, and the next is not asked") {
  ExchangeRig rig(kTwoEndpoints);
  int second_asked = 0;
  bool first_wants = true;
  rig.first().next_try = [&](const Outcome&) {
    return std::exchange(first_wants, false) ? Next::again(milliseconds(5)) : Next::done();
  };
  rig.second().next_try = [&](const Outcome&) {
    ++second_asked;
    return Next::done();
  };
  rig.get();
  rig.world.dialer.fail(0);
  CHECK(second_asked == 0);
  SUBCASE("another try follows") {
    rig.world.pass(milliseconds(6));
    REQUIRE(rig.dials() == 2);
    rig.world.dialer.fail(1);
    CHECK(second_asked == 1);
    CHECK(rig.client.log == "503 connect_failed | end");
  }
  SUBCASE("the client goes in between: no try is under way, and none is told of") {
    int told = 0;
    rig.first().outcome = [&](const Outcome&) { ++told; };
    rig.sink().on_reset(ResetReason::kCancel, "gone");
    rig.world.pass(milliseconds(6));
    CHECK(rig.dials() == 1);
    CHECK(told == 0);
  }
  rig.finish();
}

TEST_CASE("tries: every end has its code, its word and its place in the metrics") {
  ExchangeRig rig;
  rig.get();
  rig.sink().on_reset(ResetReason::kCancel, "gone");
  rig.finish();
  rig.client = ClientWriter();
  rig.second().attempt = [](AttemptPlan&, RequestHead&) {
    return Verdict::reply({.code = ErrorCode::kDenied, .details = "no"});
  };
  rig.get();
  rig.finish();
  std::string counted;
  for (const auto& series : rig.metrics.snapshot().series) {
    if (series.family != Family::kAttempts) continue;
    counted += series.labels[2] + "=" + std::to_string(series.value) + " ";
  }
  CHECK(counted == "cancelled=1 ");  // what was not made was no try
  for (int kind = 0; kind <= static_cast<int>(Outcome::Kind::kNotMade); ++kind) {
    const OutcomeInfo& info = outcome_info(static_cast<Outcome::Kind>(kind));
    CHECK_FALSE(info.word.empty());
    const bool answers = info.ended_by != ClosedBy::kNobody;
    CHECK(answers == (info.error != ErrorCode::kNone));
  }
}

}  // namespace
