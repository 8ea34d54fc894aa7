// Who is alive: the instances of all services, their leases, and the protection of those that would
// go at once with too many others.
//
// An instance is gone once its lease has passed since its latest heartbeat; its record goes from
// the store a minute later. When more than `protect_above` of all instances (and three at least) go
// within that minute, none of them does: protection is on, until so few are missing or
// kLongestProtection has passed. Replicas with the same records and clocks say the same. One
// thread.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/control/documents/settings.h"
#include "proxy/control/fleet/instance_record.h"

namespace woad::control {

class Registry {
 public:
  static constexpr Duration kWindow = minutes(1);
  static constexpr Duration kLongestProtection = minutes(15);
  static constexpr size_t kFewest = 3;
  static constexpr size_t kMostOfService = 10'000;

  // None goes before one lease has passed since `started`.
  explicit Registry(WallTime started) : started_(started) {}

  struct Key {
    std::string service;
    std::string instance;
    auto operator<=>(const Key&) const = default;
  };

  // As a store tells of it. A heartbeat after `now` is one of another clock, and counts as now.
  void set(const Key& key, InstanceRecord record, uint64_t revision, WallTime now);
  void remove(const Key& key);
  void clear();
  // A heartbeat that no store tells of.
  void touch(const Key& key, WallTime now);

  struct Entry {
    // kMissing: its lease has passed, and protection keeps it. kGone: its record waits to be
    // deleted. kReplaced: a newer instance of its service has its address.
    enum class Life : uint8_t { kAlive, kMissing, kGone, kReplaced };

    InstanceRecord record;
    uint64_t revision = 0;
    Life life = Life::kAlive;  // as of the latest judge()

    bool counts() const { return life == Life::kAlive || life == Life::kMissing; }
  };
  // nullptr: there is none.
  const Entry* find(const Key& key) const;
  // An instance of another service that has this address; nullptr: there is none.
  const Key* holder(const std::string& address, std::string_view but_service) const;
  // Records of a service, also of those whose lease has just passed.
  size_t count(std::string_view service) const;
  const std::map<Key, Entry>& records() const { return records_; }

  // Judges by the clock. Called each second, and after a change; costs nothing while nothing can
  // have changed. True: live() has changed.
  bool judge(WallTime now, const Settings& settings);

  // What follows is as of the latest judge().
  const AllInstances& live() const { return live_; }
  // Records to delete from the store, if nobody has changed them.
  struct Expired {
    Key key;
    uint64_t revision;
  };
  const std::vector<Expired>& expired() const { return expired_; }
  // Since when; nothing: it is off.
  std::optional<WallTime> protected_since() const { return protected_since_; }
  // Instances whose lease has passed.
  size_t missing() const { return missing_; }

 private:
  using Records = std::map<Key, Entry>;
  struct Tally {
    size_t all = 0;                   // that were there a minute ago, or are now
    size_t missing = 0;               // of these
    WallTime next = WallTime::max();  // when one of those that are here goes
  };

  void put_in_index(const Records::value_type& record);
  void take_from_index(const Records::value_type& record);
  // When its lease passes; never for one without.
  WallTime end_of(const InstanceRecord& record, Duration lease) const;
  // Whether its lease passed too long ago for it to be protected.
  bool is_past(WallTime end, WallTime now) const;
  Tally tally(WallTime now, Duration lease) const;
  void protect(const Tally& tally, WallTime now, double above);
  void sort_out(WallTime now, Duration lease);
  AllInstances those_that_count();

  WallTime started_;
  Records records_;
  std::unordered_multimap<std::string, const Key*> by_address_;
  std::map<std::string, size_t, std::less<>> counts_;  // a service
  AllInstances live_;
  std::vector<Expired> expired_;
  std::optional<WallTime> protected_since_;
  WallTime let_go_{};  // whose lease had passed by then is not protected
  size_t missing_ = 0;
  std::optional<WallTime> next_;  // judge() has nothing to do before; nothing: now
  Duration judged_lease_{};
};

}  // namespace woad::control
