// Who is alive: the instances of all services, their leases, and the protection of those that would
// go at once with too many others.
//
// An instance is gone once its lease has passed since its latest heartbeat; its record goes from
// the store a minute later. When more than `protect_above` of all instances (and three at least) go
// within that minute, none of them does: protection is on, until so few are missing or
// kLongestProtection has passed. Replicas with the same records and clocks say the same. One
// thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
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

  // As a store tells of it.
  void set(const Key& key, InstanceRecord record, uint64_t revision);
  void remove(const Key& key);
  void clear() { records_.clear(); }
  // A heartbeat that no store tells of.
  void touch(const Key& key, WallTime now);

  struct Entry {
    InstanceRecord record;
    uint64_t revision = 0;
  };
  // nullptr: there is none.
  const Entry* find(const Key& key) const;
  // Who else has this address, of whatever service; nullptr: nobody.
  const Key* holder(std::string_view address, const Key& but) const;
  size_t count(std::string_view service) const;
  size_t size() const { return records_.size(); }

  // Judges by the clock. Called each second, and after a change.
  void judge(WallTime now, const Settings& settings);

  // What follows is as of the latest judge().
  const AllInstances& live() const { return live_; }
  // Whether live() is another one than before the latest judge().
  bool changed() const { return changed_; }
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
  WallTime started_;
  std::map<Key, Entry> records_;
  AllInstances live_;
  bool changed_ = false;
  std::vector<Expired> expired_;
  std::optional<WallTime> protected_since_;
  WallTime let_go_until_{};  // who went before is not protected any more
  size_t missing_ = 0;
};

}  // namespace woad::control
