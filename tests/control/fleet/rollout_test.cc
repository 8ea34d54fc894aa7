#include "proxy/control/fleet/rollout.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace woad::control {
namespace {

using State = Rollout::State;

const WallTime kStart = WallTime(hours(500'000));

SkeletonPtr skeleton(const std::string& words) {
  return std::make_shared<const Skeleton>(words + "\n", std::vector<Skeleton::Used>());
}

// One service with so many members, all of which run `first`.
struct Service {
  explicit Service(size_t count) {
    for (size_t i = 0; i < count; ++i) members["i" + std::to_string(i)] = {};
    offer(rollout, first, 1, plan, now);
  }

  bool offer_second(uint64_t documents = 2) { return offer(rollout, second, documents, plan, now); }
  Names chosen() const { return control::chosen(rollout, "price", members, plan); }
  bool advance() { return control::advance(rollout, "price", members, plan, now); }
  void say(const std::string& name, Member::Outcome outcome, const SkeletonPtr& about) {
    members[name].outcome = outcome;
    members[name].skeleton = about->id();
    members[name].told = now;
    members[name].error = outcome == Member::Outcome::kRejected ? "port in use" : "";
  }
  void apply_chosen() {
    for (const std::string& name : chosen()) say(name, Member::Outcome::kApplied, second);
  }
  void go_on_applying() {
    for (int i = 0; i < 20 && rollout.state == State::kRolling; ++i) {
      apply_chosen();
      advance();
      now += plan->pause;
    }
  }

  SkeletonPtr first = skeleton("one: 1");
  SkeletonPtr second = skeleton("two: 2");
  std::optional<RolloutPlan> plan =
      RolloutPlan{{{1, 0}, {0, 10}, {0, 50}, {0, 100}}, seconds(10), seconds(60)};
  WallTime now = kStart;
  Members members;
  Rollout rollout;
};

TEST_CASE("the first words of a service, and words without a plan, are for all at once") {
  Service service(3);
  CHECK(service.rollout.state == State::kDone);
  CHECK(service.rollout.accepted == service.first);
  service.plan.reset();
  CHECK(service.offer_second());
  CHECK(service.rollout.state == State::kDone);
  CHECK(service.rollout.accepted == service.second);
}

TEST_CASE("step by step") {
  Service service(25);
  CHECK(service.offer_second());
  CHECK_FALSE(service.offer_second(3));  // the same again
  const size_t sizes[] = {1, 3, 13, 25};
  Names before;
  for (const size_t size : sizes) {
    CAPTURE(size);
    const Names names = service.chosen();
    CHECK(names.size() == size);
    CHECK(std::includes(names.begin(), names.end(), before.begin(), before.end()));
    before = names;
    CHECK_FALSE(service.advance());  // not all have applied it
    service.apply_chosen();
    CHECK(service.advance());
    if (size == 25) break;
    CHECK_FALSE(service.advance());  // the pause
    CHECK(service.chosen().size() == size);
    service.now += seconds(10);
    CHECK(service.advance());
  }
  CHECK(service.rollout.state == State::kDone);
  CHECK(service.rollout.accepted == service.second);
  CHECK(service.rollout.candidate == nullptr);
}

TEST_CASE("the choice is stable: it does not depend on who else there is") {
  Service service(25);
  service.offer_second();
  const Names one = service.chosen();
  service.members.erase(one.contains("i7") ? "i8" : "i7");
  CHECK(service.chosen() == one);
  // Who has applied it keeps it, whoever comes.
  service.apply_chosen();
  for (int i = 0; i < 200; ++i) service.members["new" + std::to_string(i)] = {};
  CHECK(service.chosen().contains(*one.begin()));
}

TEST_CASE("a rejection halts it") {
  Service service(25);
  service.offer_second();
  const std::string victim = *service.chosen().begin();
  service.now += seconds(1);
  service.say(victim, Member::Outcome::kRejected, service.second);
  CHECK(service.advance());
  CHECK(service.rollout.state == State::kHalted);
  CHECK(service.rollout.error == victim + " rejected it: port in use");
  CHECK(service.chosen().empty());
  service.now += hours(1);
  CHECK_FALSE(service.advance());
  CHECK_FALSE(service.offer_second(9));

  SUBCASE("resume goes on without it") {
    CHECK(resume(service.rollout, service.now));
    CHECK_FALSE(service.chosen().contains(victim));
    service.now += seconds(1);
    service.go_on_applying();
    CHECK(service.rollout.state == State::kDone);
  }
  SUBCASE("a rejection behind the resume halts it again") {
    CHECK(resume(service.rollout, service.now));
    service.now += seconds(1);
    service.say(victim, Member::Outcome::kRejected, service.second);
    CHECK(service.advance());
    CHECK(service.rollout.state == State::kHalted);
  }
  SUBCASE("rollback gives all the older words, and the same are not tried again") {
    CHECK(roll_back(service.rollout, service.now));
    CHECK(service.rollout.state == State::kRolledBack);
    CHECK(service.chosen().empty());
    CHECK_FALSE(service.offer_second(10));
    CHECK_FALSE(service.advance());
    CHECK(offer(service.rollout, skeleton("three: 3"), 11, service.plan, service.now));
    CHECK(service.rollout.state == State::kRolling);
  }
  SUBCASE("a newer document begins from step one") {
    CHECK(offer(service.rollout, skeleton("three: 3"), 11, service.plan, service.now));
    CHECK(service.rollout.state == State::kRolling);
    CHECK(service.rollout.step == 0);
    CHECK(service.rollout.error.empty());
    CHECK(service.chosen().size() == 1);
  }
  SUBCASE("the older document again ends it") {
    CHECK(offer(service.rollout, service.first, 11, service.plan, service.now));
    CHECK(service.rollout.state == State::kDone);
    CHECK(service.rollout.accepted == service.first);
  }
}

TEST_CASE("silence halts it") {
  Service service(4);
  service.offer_second();
  service.now += seconds(59);
  CHECK_FALSE(service.advance());
  service.now += seconds(1);
  CHECK(service.advance());
  CHECK(service.rollout.state == State::kHalted);
  CHECK(service.rollout.error.find("did not say in time") != std::string::npos);
}

TEST_CASE("one that comes while the pause runs has its own time") {
  Service service(1);
  service.plan->pause = minutes(10);
  service.plan->steps = {{5, 0}, {0, 100}};
  service.offer_second();
  service.apply_chosen();
  CHECK(service.advance());
  service.now += minutes(5);
  service.members["new"] = {};
  CHECK(service.advance());
  CHECK(service.rollout.state == State::kRolling);
  service.now += seconds(59);
  CHECK_FALSE(service.advance());
  service.say("new", Member::Outcome::kApplied, service.second);
  CHECK(service.advance());
  CHECK(service.rollout.step == 0);
}

TEST_CASE("what applied another file has not applied this one") {
  Service service(1);
  service.offer_second();
  service.say("i0", Member::Outcome::kApplied, service.first);
  CHECK_FALSE(service.advance());
  service.say("i0", Member::Outcome::kRejected, service.first);
  CHECK_FALSE(service.advance());
  CHECK(service.rollout.state == State::kRolling);
}

TEST_CASE("nobody to ask, nothing to wait for") {
  Service service(0);
  service.offer_second();
  service.go_on_applying();
  CHECK(service.rollout.state == State::kDone);
}

TEST_CASE("older documents than those it came of change nothing") {
  Service service(3);
  service.offer_second(5);
  CHECK_FALSE(offer(service.rollout, service.first, 4, service.plan, service.now));
  CHECK(service.rollout.candidate == service.second);
}

TEST_CASE("operators") {
  Service service(3);
  CHECK_FALSE(halt(service.rollout, "ada", service.now));
  CHECK_FALSE(resume(service.rollout, service.now));
  CHECK_FALSE(roll_back(service.rollout, service.now));
  service.offer_second();
  CHECK_FALSE(resume(service.rollout, service.now));
  CHECK(halt(service.rollout, "ada", service.now));
  CHECK(service.rollout.error == "halted by ada");
  CHECK(resume(service.rollout, service.now));
  service.go_on_applying();
  CHECK(service.rollout.state == State::kDone);
}

TEST_CASE("a plan that is taken away, or shortened, on the way") {
  Service service(10);
  service.offer_second();
  SUBCASE("none: all have it at once") {
    service.plan.reset();
    CHECK(service.advance());
    CHECK(service.rollout.accepted == service.second);
  }
  SUBCASE("fewer steps") {
    service.rollout.step = 3;
    service.plan->steps = {{0, 100}};
    CHECK(service.chosen().size() == 10);
    service.apply_chosen();
    CHECK(service.advance());
    CHECK(service.rollout.state == State::kDone);
  }
}

TEST_CASE("a roll-out comes back from its text") {
  Service service(3);
  service.offer_second(7);
  service.rollout.error = "x\n\"y\"";
  service.rollout.complete = kStart + seconds(1);
  for (const State state : {State::kRolling, State::kHalted, State::kRolledBack}) {
    service.rollout.state = state;
    const auto back = parse_rollout(to_text(service.rollout));
    REQUIRE(back);
    CHECK(back->state == state);
    CHECK(back->accepted->id() == service.first->id());
    CHECK(back->candidate->id() == service.second->id());
    CHECK(back->documents == 7);
    CHECK(back->since == service.rollout.since);
    CHECK(back->complete == service.rollout.complete);
    CHECK(back->error == service.rollout.error);
  }
}

TEST_CASE("what is no roll-out is refused") {
  Service service(0);
  std::string lost = to_text(service.rollout);
  lost.replace(lost.find("done"), 4, "halted");
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"state":"done"})"),
        std::string(R"({"state":"done","skeletons":"!"})"),
        std::string(R"({"state":"done","skeletons":"AAAA"})"),
        std::string(R"({"state":"going","skeletons":""})"), lost}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rollout(text));
  }
}

}  // namespace
}  // namespace woad::control
