#include "proxy/control/fleet/rollout.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "proxy/base/stable_hash.h"

namespace woad::control {
namespace {

using State = Rollout::State;
using Outcome = Member::Outcome;

void enter(Rollout& rollout, State state, WallTime now) {
  rollout.state = state;
  rollout.since = now;
  rollout.complete.reset();
}

void accept(Rollout& rollout, const SkeletonPtr& skeleton, WallTime now) {
  rollout.accepted = skeleton;
  rollout.candidate = nullptr;
  rollout.step = 0;
  rollout.error.clear();
  enter(rollout, State::kDone, now);
}

void stop(Rollout& rollout, std::string why, WallTime now) {
  rollout.error = std::move(why);
  enter(rollout, State::kHalted, now);
}

bool is(const SkeletonPtr& skeleton, const std::string& id) {
  return skeleton != nullptr && skeleton->id() == id;
}

bool has_applied(const Rollout& rollout, const Member& member) {
  return member.outcome == Outcome::kApplied && is(rollout.candidate, member.skeleton);
}

bool has_rejected(const Rollout& rollout, const Member& member) {
  return member.outcome == Outcome::kRejected && is(rollout.candidate, member.skeleton);
}

// Stable: a member's place does not depend on who else there is.
uint64_t place_of(std::string_view service, const std::string& instance) {
  return stable_hash(std::string(service) + "/" + instance);
}

size_t size_of(const RolloutStep& step, size_t members) {
  if (step.count > 0) return std::min<size_t>(step.count, members);
  return std::min(
      members,
      static_cast<size_t>(std::ceil(static_cast<double>(members) * step.percent / 100 - 1e-9)));
}

// A plan may have lost steps since this one was reached.
const RolloutStep& step_of(const Rollout& rollout, const RolloutPlan& plan) {
  return plan.steps[std::min(rollout.step, plan.steps.size() - 1)];
}

// Those of the steps until now, and all that run the candidate already.
Names reached(const Rollout& rollout, std::string_view service, const Members& members,
              const std::optional<RolloutPlan>& plan) {
  Names names;
  if (rollout.state != State::kRolling && rollout.state != State::kHalted) return names;
  std::vector<std::pair<uint64_t, const std::string*>> order;
  order.reserve(members.size());
  for (const auto& [name, member] : members) {
    order.emplace_back(place_of(service, name), &name);
    if (has_applied(rollout, member)) names.insert(name);
  }
  if (rollout.state == State::kHalted) return names;
  std::sort(order.begin(), order.end(), [](const auto& left, const auto& right) {
    return left.first != right.first ? left.first < right.first : *left.second < *right.second;
  });
  order.resize(plan ? size_of(step_of(rollout, *plan), order.size()) : order.size());
  for (const auto& [place, name] : order) names.insert(*name);
  return names;
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::kDone: return "done";
    case State::kRolling: return "rolling";
    case State::kHalted: return "halted";
    case State::kRolledBack: return "rolled_back";
  }
  return "";
}

bool offer(Rollout& rollout, const SkeletonPtr& skeleton, uint64_t documents,
           const std::optional<RolloutPlan>& plan, WallTime now) {
  const SkeletonPtr& newest = rollout.candidate != nullptr ? rollout.candidate : rollout.accepted;
  if (is(newest, skeleton->id())) return false;
  if (newest != nullptr && documents <= rollout.documents) return false;
  rollout.documents = documents;
  if (!plan || rollout.accepted == nullptr || is(rollout.accepted, skeleton->id())) {
    accept(rollout, skeleton, now);
    return true;
  }
  rollout.candidate = skeleton;
  rollout.step = 0;
  rollout.error.clear();
  enter(rollout, State::kRolling, now);
  return true;
}

Names chosen(const Rollout& rollout, std::string_view service, const Members& members,
             const std::optional<RolloutPlan>& plan) {
  Names names = reached(rollout, service, members, plan);
  std::erase_if(names,
                [&](const std::string& name) { return has_rejected(rollout, members.at(name)); });
  return names;
}

bool advance(Rollout& rollout, std::string_view service, const Members& members,
             const std::optional<RolloutPlan>& plan, WallTime now) {
  if (rollout.state != State::kRolling) return false;
  if (!plan) {
    accept(rollout, SkeletonPtr(rollout.candidate), now);
    return true;
  }
  bool all_applied = true;
  std::string silent;
  for (const std::string& name : reached(rollout, service, members, plan)) {
    const Member& member = members.at(name);
    if (has_rejected(rollout, member) && member.told > rollout.resumed) {
      stop(rollout, name + " rejected it: " + member.error, now);
      return true;
    }
    if (has_applied(rollout, member) || has_rejected(rollout, member)) continue;
    all_applied = false;
    silent = name;
  }
  if (!all_applied) {
    if (rollout.complete) {  // one that has just come
      enter(rollout, State::kRolling, now);
      return true;
    }
    if (now - rollout.since < plan->timeout) return false;
    stop(rollout, silent + " did not say in time what became of it", now);
    return true;
  }
  if (rollout.step + 1 >= plan->steps.size()) {
    accept(rollout, SkeletonPtr(rollout.candidate), now);
    return true;
  }
  const bool begins = !rollout.complete;
  if (begins) rollout.complete = now;
  if (now - *rollout.complete < plan->pause) return begins;
  ++rollout.step;
  enter(rollout, State::kRolling, now);
  return true;
}

Result<void> halt(Rollout& rollout, const std::string& by, WallTime now) {
  if (rollout.state != State::kRolling) return Error{"no roll-out is under way"};
  stop(rollout, "halted by " + by, now);
  return {};
}

Result<void> resume(Rollout& rollout, WallTime now) {
  if (rollout.state != State::kHalted) return Error{"no roll-out is halted"};
  rollout.resumed = now;
  rollout.error.clear();
  enter(rollout, State::kRolling, now);
  return {};
}

Result<void> roll_back(Rollout& rollout, WallTime now) {
  if (rollout.state != State::kRolling && rollout.state != State::kHalted) {
    return Error{"no roll-out is under way or halted"};
  }
  enter(rollout, State::kRolledBack, now);
  return {};
}

}  // namespace woad::control
