// The entries of a store, of the objects of a cluster: told as a whole when all kinds were listed
// once, and when the mesh moves to another namespace; else change by change. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "proxy/control/store/kubernetes/discovery.h"
#include "proxy/control/store/kubernetes/mirror.h"
#include "proxy/control/store/kubernetes/objects.h"
#include "proxy/control/store/kubernetes/state.h"
#include "proxy/control/store/store.h"

namespace woad::control::kubernetes {

// What a ConfigMap of state holds, as of its version.
struct StateObject {
  StateValues values;
  uint64_t version = 0;
  bool operator==(const StateObject&) const = default;
};

class Cluster {
 public:
  // `own_space`: where the mesh document is, and the state. "": the oldest mesh document of the
  // cluster says it.
  Cluster(std::string own_space, StoreWatcher& watcher);

  ObjectSink& documents() { return documents_; }
  ObjectSink& states() { return states_; }
  ObjectSink& services() { return services_; }
  ObjectSink& slices() { return slices_; }
  ObjectSink& pods() { return pods_; }

  // The namespace of the mesh; "" while it is not known.
  const std::string& mesh_space() const { return mesh_space_; }

  // All kinds were listed once, the latest list as of `revision`: tells of all.
  void begin(uint64_t revision);
  // Tells what has changed since the last time; nothing before begin().
  void settle();

 private:
  void note(uint64_t version);
  void index(const ObjectName& slice, const SliceObject& object, bool add);
  void choose_mesh();
  // What one object says, or a Service with what belongs to it.
  StoreEntries document_entries() const;
  StoreEntries service_entries(const ObjectName& name) const;
  StoreEntries state_entries(const ObjectName& name) const;
  StoreEntries dated(StoreEntries entries) const;
  void replace(StoreEntries& before, StoreEntries now);
  void tell_all();

  const std::string own_space_;
  StoreWatcher& watcher_;
  Mirror<DocumentObject> documents_;
  Mirror<StateObject> states_;
  Mirror<ServiceObject> services_;
  Mirror<SliceObject> slices_;
  Mirror<PodObject> pods_;
  std::map<ObjectName, std::set<ObjectName>> slices_of_service_;
  std::map<ObjectName, std::set<ObjectName>> slices_of_pod_;

  std::string mesh_space_ = own_space_;
  std::optional<ObjectName> mesh_;
  bool began_ = false;
  uint64_t revision_ = 0;  // the newest version seen
  bool documents_moved_ = false;
  std::set<ObjectName> moved_services_;
  std::set<ObjectName> moved_states_;
  StoreEntries of_documents_;
  std::map<ObjectName, StoreEntries> of_services_;
  std::map<ObjectName, StoreEntries> of_states_;
};

}  // namespace woad::control::kubernetes
