// What a store holds, read: documents, instances, members, roll-outs. It stays as it was while the
// store is away. One thread, the loop's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/scheduler.h"
#include "proxy/control/fleet/registry.h"
#include "proxy/control/fleet/rollout.h"
#include "proxy/control/store/store.h"

namespace woad::control {

// What a store knows of one service but for its document and instances.
struct ServiceRecords {
  Members members;
  Rollout rollout;
  uint64_t rollout_revision = 0;  // 0: there is no record
};

class StoreView final : public StoreWatcher {
 public:
  enum class Part : uint8_t { kAll, kDocument, kInstance, kMember, kRollout, kNone };
  // A part has changed, and the change was taken in. `service`: of a member or a roll-out.
  using Told = std::function<void(Part part, const std::string& service)>;

  StoreView(Scheduler& scheduler, Told told)
      : scheduler_(scheduler), told_(std::move(told)), registry_(scheduler.wall()) {}

  bool synced() const { return synced_; }
  // Since when it is away, and why; nothing: it is there.
  struct Away {
    WallTime since;
    std::string why;
  };
  const std::optional<Away>& away() const { return away_; }

  // mesh.yaml, services/… and discovered/…, and when they last changed.
  const StoreEntries& documents() const { return documents_; }
  uint64_t documents_revision() const { return documents_revision_; }
  bool has_service(std::string_view service) const;
  // Those, and others of which there are records.
  std::set<std::string> service_names() const;

  Registry& registry() { return registry_; }
  const Registry& registry() const { return registry_; }

  using Services = std::map<std::string, ServiceRecords, std::less<>>;
  const Services& services() const { return services_; }
  // Empty where nothing is known.
  const ServiceRecords& records(std::string_view service) const;
  // nullptr: there is none.
  const Member* member(std::string_view service, std::string_view instance) const;
  // What this replica knows before the store tells of it.
  void set_member(const Registry::Key& who, Member member);
  void remove_member(const Registry::Key& who);

  // Records that say nothing: by key, why.
  const std::map<std::string, std::string>& unreadable() const { return unreadable_; }

  void on_synced(StoreEntries all, uint64_t revision) override;
  void on_changed(const std::string& key, const StoreEntry* entry, uint64_t revision) override;
  void on_away(const std::string& why) override;

 private:
  // "instances/price/price-1" without its first word; nothing: the key has another form.
  static std::optional<Registry::Key> instance_key(std::string_view rest);

  struct Place {
    Part part = Part::kNone;
    Registry::Key key;  // of a roll-out: the service alone
  };
  static Place place_of(const std::string& key);

  void take(const std::string& key, const Place& place, const StoreEntry* entry);
  void take_instance(const std::string& key, const Registry::Key& at, const StoreEntry* entry);
  void take_member(const std::string& key, const Registry::Key& at, const StoreEntry* entry);
  void take_rollout(const std::string& key, const std::string& service, const StoreEntry* entry);
  using Heartbeats = std::vector<std::pair<Registry::Key, WallTime>>;
  void keep_newer(const Heartbeats& heartbeats);
  void keep_newer(const Services& services);

  Scheduler& scheduler_;
  Told told_;
  bool synced_ = false;
  std::optional<Away> away_;
  StoreEntries documents_;
  uint64_t documents_revision_ = 0;
  Registry registry_;
  Services services_;
  std::map<std::string, std::string> unreadable_;
};

// Keys of the store (store.h).
std::string instance_key(const Registry::Key& of);
std::string member_key(const Registry::Key& of);
std::string rollout_key(std::string_view service);

}  // namespace woad::control
