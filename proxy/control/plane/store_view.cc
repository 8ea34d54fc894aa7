#include "proxy/control/plane/store_view.h"

#include <algorithm>
#include <utility>

#include "proxy/control/store/keys.h"

namespace woad::control {
namespace {

std::string join(std::string_view first, const Registry::Key& of) {
  return std::string(first).append(of.service).append("/").append(of.instance);
}

// A clock of another machine may be ahead.
void bound_times(Member& member, WallTime now) {
  member.polled = std::min(member.polled, now);
  member.told = std::min(member.told, now);
}

}  // namespace

std::string instance_key(const Registry::Key& of) { return join(kInstances, of); }
std::string member_key(const Registry::Key& of) { return join(kStatus, of); }
std::string rollout_key(std::string_view service) { return std::string(kRollouts).append(service); }

bool StoreView::has_service(std::string_view service) const {
  const std::string name(service);
  return documents_.contains(std::string(kServices) + name + std::string(kYaml)) ||
         documents_.contains(std::string(kDiscovered) + name);
}

std::set<std::string> StoreView::service_names() const {
  std::set<std::string> names;
  for (const auto& [name, records] : services_) names.insert(name);
  for (const auto& [key, document] : documents_) {
    std::string_view name = key;
    if (name.starts_with(kDiscovered)) {
      names.emplace(name.substr(kDiscovered.size()));
    } else if (name.starts_with(kServices) && name.ends_with(kYaml)) {
      name.remove_suffix(kYaml.size());
      names.emplace(name.substr(kServices.size()));
    }
  }
  return names;
}

const ServiceRecords& StoreView::records(std::string_view service) const {
  static const ServiceRecords kNone;
  const auto at = services_.find(service);
  return at == services_.end() ? kNone : at->second;
}

const Member* StoreView::member(std::string_view service, std::string_view instance) const {
  const Members& members = records(service).members;
  const auto at = members.find(instance);
  return at == members.end() ? nullptr : &at->second;
}

void StoreView::set_member(const Registry::Key& who, Member member) {
  services_[who.service].members[who.instance] = std::move(member);
}

void StoreView::remove_member(const Registry::Key& who) {
  const auto at = services_.find(who.service);
  if (at != services_.end()) at->second.members.erase(who.instance);
}

std::optional<Registry::Key> StoreView::instance_key(std::string_view rest) {
  const size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size()) return {};
  return Registry::Key{std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))};
}

StoreView::Place StoreView::place_of(const std::string& key) {
  const std::string_view text = key;
  const auto below = [&](std::string_view first, Part part) -> Place {
    const auto at = instance_key(text.substr(first.size()));
    return at ? Place{part, *at} : Place{};
  };
  if (text == kMesh || text.starts_with(kServices) || text.starts_with(kDiscovered)) {
    return {Part::kDocument, {}};
  }
  if (text.starts_with(kInstances)) return below(kInstances, Part::kInstance);
  if (text.starts_with(kStatus)) return below(kStatus, Part::kMember);
  if (text.starts_with(kRollouts)) {
    return {Part::kRollout, {std::string(text.substr(kRollouts.size())), {}}};
  }
  return {};
}

void StoreView::on_synced(StoreEntries all, uint64_t revision) {
  Heartbeats heartbeats;
  for (const auto& [key, entry] : registry_.records()) {
    if (entry.record.heartbeat) heartbeats.emplace_back(key, *entry.record.heartbeat);
  }
  // Nobody could write a heartbeat: a lease begins anew.
  if (away_) registry_ = Registry(scheduler_.wall());
  registry_.clear();
  const Services before = std::exchange(services_, {});
  documents_.clear();
  unreadable_.clear();
  documents_revision_ = revision;
  for (const auto& [key, entry] : all) take(key, place_of(key), &entry);
  keep_newer(heartbeats);
  keep_newer(before);
  synced_ = true;
  away_.reset();
  told_(Part::kAll, {});
}

// While the store was away, only this replica heard of heartbeats, polls and statuses.
void StoreView::keep_newer(const Heartbeats& heartbeats) {
  for (const auto& [key, heartbeat] : heartbeats) {
    const Registry::Entry* const now = registry_.find(key);
    const bool newer =
        now != nullptr && now->record.heartbeat && heartbeat > *now->record.heartbeat;
    if (newer) registry_.touch(key, heartbeat);
  }
}

void StoreView::keep_newer(const Services& services) {
  for (const auto& [service, records] : services) {
    const auto at = services_.find(service);
    if (at == services_.end()) continue;
    for (const auto& [instance, member] : records.members) {
      const auto mine = at->second.members.find(instance);
      if (mine == at->second.members.end()) {
        if (away_ && member.outcome != Member::Outcome::kNone) {
          at->second.members.emplace(instance, member);
        }
      } else if (member.told > mine->second.told) {
        mine->second = member;
      } else {
        mine->second.polled = std::max(mine->second.polled, member.polled);
      }
    }
  }
}

void StoreView::on_changed(const std::string& key, const StoreEntry* entry, uint64_t revision) {
  const Place place = place_of(key);
  take(key, place, entry);
  if (place.part == Part::kDocument) documents_revision_ = revision;
  told_(place.part, place.key.service);
}

void StoreView::on_away(const std::string& why) {
  if (why.empty()) {
    away_.reset();
  } else if (away_) {
    away_->why = why;
  } else {
    away_ = Away{scheduler_.wall(), why};
  }
}

void StoreView::take(const std::string& key, const Place& place, const StoreEntry* entry) {
  unreadable_.erase(key);
  switch (place.part) {
    case Part::kDocument:
      if (entry == nullptr) {
        documents_.erase(key);
      } else {
        documents_[key] = *entry;
      }
      break;
    case Part::kInstance: take_instance(key, place.key, entry); break;
    case Part::kMember: take_member(key, place.key, entry); break;
    case Part::kRollout: take_rollout(key, place.key.service, entry); break;
    case Part::kAll:
    case Part::kNone: break;
  }
}

void StoreView::take_instance(const std::string& key, const Registry::Key& at,
                              const StoreEntry* entry) {
  if (entry == nullptr) return registry_.remove(at);
  Result<InstanceRecord> record = parse_instance_record(entry->value);
  if (!record) {
    unreadable_[key] = record.error().message;
    return registry_.remove(at);
  }
  registry_.set(at, std::move(*record), entry->revision, scheduler_.wall());
}

void StoreView::take_member(const std::string& key, const Registry::Key& at,
                            const StoreEntry* entry) {
  if (entry == nullptr) return remove_member(at);
  Result<Member> member = parse_member(entry->value);
  if (!member) {
    unreadable_[key] = member.error().message;
    return;
  }
  bound_times(*member, scheduler_.wall());
  if (const Member* const mine = this->member(at.service, at.instance)) {
    member->polled = std::max(member->polled, mine->polled);
  }
  set_member(at, std::move(*member));
}

void StoreView::take_rollout(const std::string& key, const std::string& service,
                             const StoreEntry* entry) {
  ServiceRecords& records = services_[service];
  records.rollout_revision = entry == nullptr ? 0 : entry->revision;
  if (entry == nullptr) {
    records.rollout = {};
    return;
  }
  Result<Rollout> rollout = parse_rollout(entry->value);
  if (rollout) {
    records.rollout = std::move(*rollout);
  } else {
    // What was good before stays in memory, and is written again (RolloutDesk::settle).
    unreadable_[key] = rollout.error().message;
  }
}

}  // namespace woad::control
