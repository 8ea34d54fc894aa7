#include "proxy/control/fleet/registry.h"

#include <algorithm>
#include <utility>

namespace woad::control {

using Life = Registry::Entry::Life;

void Registry::put_in_index(const Records::value_type& record) {
  by_address_.emplace(record.second.record.instance.address, &record.first);
  ++counts_[record.first.service];
}

void Registry::take_from_index(const Records::value_type& record) {
  const auto count = counts_.find(record.first.service);
  if (--count->second == 0) counts_.erase(count);
  const auto [first, last] = by_address_.equal_range(record.second.record.instance.address);
  by_address_.erase(
      std::find_if(first, last, [&](const auto& entry) { return entry.second == &record.first; }));
}

void Registry::set(const Key& key, InstanceRecord record, uint64_t revision, WallTime now) {
  if (record.heartbeat) record.heartbeat = std::min(*record.heartbeat, now);
  const auto [at, is_new] = records_.try_emplace(key);
  Entry& entry = at->second;
  // A heartbeat of one that is well changes nothing but when it will be looked at.
  const bool same = !is_new && entry.life == Life::kAlive && !protected_since_ &&
                    entry.record.instance == record.instance &&
                    entry.record.registered == record.registered &&
                    entry.record.heartbeat.has_value() == record.heartbeat.has_value();
  if (!is_new) take_from_index(*at);
  entry.record = std::move(record);
  entry.revision = revision;
  put_in_index(*at);
  if (!same) next_.reset();
}

void Registry::remove(const Key& key) {
  const auto at = records_.find(key);
  if (at == records_.end()) return;
  take_from_index(*at);
  records_.erase(at);
  next_.reset();
}

void Registry::clear() {
  by_address_.clear();
  counts_.clear();
  records_.clear();
  next_.reset();
}

void Registry::touch(const Key& key, WallTime now) {
  const auto at = records_.find(key);
  if (at == records_.end() || !at->second.record.heartbeat) return;
  at->second.record.heartbeat = now;
  if (at->second.life != Life::kAlive) next_.reset();
}

const Registry::Entry* Registry::find(const Key& key) const {
  const auto at = records_.find(key);
  return at == records_.end() ? nullptr : &at->second;
}

const Registry::Key* Registry::holder(const std::string& address,
                                      std::string_view but_service) const {
  const auto [first, last] = by_address_.equal_range(address);
  const auto held = std::find_if(first, last, [&](const auto& entry) {
    return entry.second->service != but_service && records_.at(*entry.second).counts();
  });
  return held == last ? nullptr : held->second;
}

size_t Registry::count(std::string_view service) const {
  const auto at = counts_.find(service);
  return at == counts_.end() ? 0 : at->second;
}

WallTime Registry::end_of(const InstanceRecord& record, Duration lease) const {
  if (!record.heartbeat) return WallTime::max();
  return std::max(*record.heartbeat, started_) + lease;
}

bool Registry::is_past(WallTime end, WallTime now) const {
  if (end <= let_go_) return true;
  return end <= (protected_since_ ? *protected_since_ : now) - kWindow;
}

Registry::Tally Registry::tally(WallTime now, Duration lease) const {
  Tally tally;
  for (const auto& [key, entry] : records_) {
    const WallTime end = end_of(entry.record, lease);
    if (end > now) {
      ++tally.all;
      tally.next = std::min(tally.next, end);
    } else if (!is_past(end, now)) {
      ++tally.all;
      ++tally.missing;
      tally.next = std::min(tally.next, end + kWindow);
    }
  }
  return tally;
}

void Registry::protect(const Tally& tally, WallTime now, double above) {
  const bool too_many = tally.missing >= kFewest &&
                        static_cast<double>(tally.missing) > above * static_cast<double>(tally.all);
  if (!too_many) {
    // Those that are still missing have had their time.
    if (protected_since_) let_go_ = now;
    protected_since_.reset();
  } else if (!protected_since_) {
    protected_since_ = now;
  } else if (now - *protected_since_ >= kLongestProtection) {
    let_go_ = now;
    protected_since_.reset();
  }
}

void Registry::sort_out(WallTime now, Duration lease) {
  expired_.clear();
  missing_ = 0;
  for (auto& [key, entry] : records_) {
    const WallTime end = end_of(entry.record, lease);
    const bool past = end <= now && is_past(end, now);
    entry.life = end > now                   ? Life::kAlive
                 : protected_since_ && !past ? Life::kMissing
                                             : Life::kGone;
    if (end <= now && !past) ++missing_;
    if (past) expired_.push_back({key, entry.revision});
  }
}

AllInstances Registry::those_that_count() {
  AllInstances live;
  std::map<std::string_view, Records::value_type*> by_address;  // of one service
  Instances* instances = nullptr;
  const std::string* service = nullptr;
  for (auto& record : records_) {
    auto& [key, entry] = record;
    if (!entry.counts()) continue;
    if (service == nullptr || *service != key.service) {
      service = &key.service;
      by_address.clear();
      instances = &live[key.service];
    }
    Records::value_type*& holder = by_address[entry.record.instance.address];
    if (holder != nullptr) {
      const bool newer = entry.record.registered >= holder->second.record.registered;
      (newer ? holder->second : entry).life = Life::kReplaced;
      if (!newer) continue;
      instances->erase(holder->first.instance);
    }
    holder = &record;
    instances->emplace(key.instance, entry.record.instance);
  }
  return live;
}

bool Registry::judge(WallTime now, const Settings& settings) {
  if (next_ && now < *next_ && judged_lease_ == settings.lease) return false;
  judged_lease_ = settings.lease;
  protect(tally(now, settings.lease), now, settings.protect_above);
  sort_out(now, settings.lease);
  // While it is on, each moment may end it.
  next_ = protected_since_ ? now : tally(now, settings.lease).next;
  AllInstances live = those_that_count();
  if (live == live_) return false;
  live_ = std::move(live);
  return true;
}

}  // namespace woad::control
