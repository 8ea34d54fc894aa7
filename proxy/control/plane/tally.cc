#include "proxy/control/plane/tally.h"

namespace woad::control {
namespace {

using Life = Registry::Entry::Life;

bool is_of(const Member& member, const SkeletonPtr& skeleton) {
  return skeleton != nullptr && skeleton->id() == member.skeleton;
}

void count_members(const ServiceRecords& records, ServiceTally& tally) {
  const Rollout& rollout = records.rollout;
  for (const auto& [instance, member] : records.members) {
    ++tally.members;
    const bool current = is_of(member, rollout.accepted) || is_of(member, rollout.candidate);
    if (member.outcome == Member::Outcome::kApplied && current) ++tally.applied;
    if (member.outcome == Member::Outcome::kRejected) ++tally.rejected;
  }
}

}  // namespace

std::map<std::string, ServiceTally> tally_services(const Plane& plane) {
  std::map<std::string, ServiceTally> all;
  const StoreView& view = plane.view();
  for (const std::string& name : view.service_names()) {
    if (!view.has_service(name)) continue;
    count_members(view.records(name), all[name]);
  }
  for (const auto& [key, entry] : view.registry().records()) {
    if (!entry.counts()) continue;
    ServiceTally& tally = all[key.service];
    ++tally.instances;
    if (entry.life == Life::kMissing) ++tally.missing;
  }
  if (const auto& catalog = plane.catalogs().catalog()) {
    for (const Problem& problem : catalog->problems) {
      const auto at = all.find(problem.service);
      if (at != all.end()) ++at->second.problems;
    }
  }
  return all;
}

}  // namespace woad::control
