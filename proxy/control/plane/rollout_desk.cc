#include "proxy/control/plane/rollout_desk.h"

#include <utility>
#include <vector>

namespace woad::control {

void RolloutDesk::settle(const std::string& service) {
  const auto& catalog = catalogs_.last_with_mesh();
  if (catalog == nullptr || under_way_.contains(service)) return;
  if (!view_.has_service(service)) return end(service);
  const ServiceRecords* const records = view_.find(service);
  static const ServiceRecords kNone;
  const ServiceRecords& now = records == nullptr ? kNone : *records;
  const auto& plan = catalogs_.settings().rollout;
  const WallTime time = scheduler_.wall();
  Rollout next = now.rollout;
  bool moved = false;
  const auto mine = catalog->services().find(service);
  if (mine != catalog->services().end() && mine->second.skeleton != nullptr) {
    moved = offer(next, mine->second.skeleton, catalogs_.revision(), plan, time);
  }
  if (advance(next, service, now.members, plan, time)) moved = true;
  const bool spoilt = next.accepted != nullptr && view_.unreadable().contains(rollout_key(service));
  if (spoilt) moved = true;
  if (moved) write(service, next, {});
}

void RolloutDesk::settle_all() {
  for (const std::string& name : view_.service_names()) settle(name);
}

void RolloutDesk::end(const std::string& service) {
  const ServiceRecords* const records = view_.find(service);
  if (records == nullptr || records->rollout_revision == 0) return;
  under_way_.insert(service);
  store_.write({.key = rollout_key(service),
                .value = std::nullopt,
                .condition = StoreWrite::If::kRevision,
                .revision = records->rollout_revision},
               [this, service](StoreOutcome, const std::string&) { under_way_.erase(service); });
}

void RolloutDesk::write(const std::string& service, const Rollout& next, Store::Done done) {
  const ServiceRecords* const records = view_.find(service);
  const uint64_t revision = records == nullptr ? 0 : records->rollout_revision;
  under_way_.insert(service);
  store_.write({.key = rollout_key(service),
                .value = to_text(next),
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
  const ServiceRecords* const records = view_.find(service);
  Rollout next = records == nullptr ? Rollout() : records->rollout;
  const Result<void> followed = follow(next, order, by, scheduler_.wall());
  if (!followed) return done(Outcome::kNotNow, followed.error().message);
  write(service, next, [done = std::move(done)](StoreOutcome outcome, const std::string& why) {
    switch (outcome) {
      case StoreOutcome::kDone: return done(Outcome::kDone, {});
      case StoreOutcome::kConflict:
        return done(Outcome::kNotNow, "the roll-out has just moved; look at it again");
      case StoreOutcome::kFailed: return done(Outcome::kFailed, why);
    }
  });
}

}  // namespace woad::control
