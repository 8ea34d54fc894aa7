#include "proxy/control/plane/rollout_desk.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace woad::control {

void RolloutDesk::settle(const std::string& service) {
  const auto& catalog = catalogs_.last_with_mesh();
  if (catalog == nullptr || under_way_.contains(service)) return;
  if (!view_.has_service(service)) {
    if (view_.records(service).rollout_revision != 0) write(service, std::nullopt, {});
    return;
  }
  const ServiceRecords& now = view_.records(service);
  const auto& plan = catalogs_.settings().rollout;
  const WallTime time = scheduler_.wall();
  Rollout next = now.rollout;
  bool moved = false;
  const auto mine = catalog->services.find(service);
  if (mine != catalog->services.end() && mine->second.skeleton != nullptr) {
    moved = offer(next, mine->second.skeleton, catalogs_.revision(), plan, time);
  }
  if (advance(next, service, now.members, plan, time)) moved = true;
  const bool spoilt = next.accepted != nullptr && view_.unreadable().contains(rollout_key(service));
  if (spoilt) moved = true;
  if (moved) write(service, to_text(next), {});
}

void RolloutDesk::settle_all() {
  for (const std::string& name : view_.service_names()) settle(name);
}

void RolloutDesk::write(const std::string& service, std::optional<std::string> text,
                        Store::Done done) {
  const uint64_t revision = view_.records(service).rollout_revision;
  under_way_.insert(service);
  store_.write({.key = rollout_key(service),
                .value = std::move(text),
                .condition = revision == 0 ? StoreWrite::If::kAbsent : StoreWrite::If::kRevision,
                .revision = revision},
               [this, service, done = std::move(done)](StoreOutcome outcome, std::string why) {
                 under_way_.erase(service);
                 if (done) done(outcome, std::move(why));
               });
}

Result<void> RolloutDesk::follow(Rollout& rollout, Order order, const std::string& by,
                                 WallTime now) {
  switch (order) {
    case Order::kHalt: return halt(rollout, by, now);
    case Order::kResume: return resume(rollout, now);
    case Order::kRollBack: return roll_back(rollout, now);
  }
  return {};
}

void RolloutDesk::order(const std::string& service, Order order, const std::string& by,
                        Ordered done) {
  const ServiceRecords& now = view_.records(service);
  Rollout next = now.rollout;
  const Result<void> followed = follow(next, order, by, scheduler_.wall());
  if (!followed) return done(Outcome::kNotNow, followed.error().message);
  Awaited awaited{service, now.rollout_revision, std::move(done)};
  write(service, to_text(next),
        [this, awaited = std::move(awaited)](StoreOutcome outcome, const std::string& why) {
          switch (outcome) {
            case StoreOutcome::kDone: awaited_.push_back(awaited); return on_told();
            case StoreOutcome::kConflict:
              return awaited.done(Outcome::kNotNow,
                                  "the roll-out has just moved; look at it again");
            case StoreOutcome::kFailed: return awaited.done(Outcome::kFailed, why);
          }
        });
}

void RolloutDesk::on_told() {
  end_awaited(
      [this](const Awaited& each) {
        return view_.records(each.service).rollout_revision != each.before;
      },
      Outcome::kDone, {});
}

void RolloutDesk::on_away(const std::string& why) {
  end_awaited([](const Awaited&) { return true; }, Outcome::kUnseen, why);
}

void RolloutDesk::end_awaited(const std::function<bool(const Awaited&)>& over, Outcome outcome,
                              const std::string& why) {
  const auto first = std::stable_partition(awaited_.begin(), awaited_.end(), std::not_fn(over));
  const std::vector<Awaited> ended(std::make_move_iterator(first),
                                   std::make_move_iterator(awaited_.end()));
  awaited_.erase(first, awaited_.end());
  for (const Awaited& each : ended) each.done(outcome, why);
}

}  // namespace woad::control
