#include "proxy/control/store/kubernetes/cluster.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "proxy/base/json_reading.h"
#include "proxy/base/strings.h"

namespace woad::control::kubernetes {
namespace {

std::optional<StateObject> read_state_object(const Json& object) {
  StateObject state{.values = read_state(object)};
  state.version = parse_decimal(json::text(object, "metadata", "resourceVersion")).value_or(0);
  if (state.values.empty()) return {};
  return state;
}

ObjectName service_of(const ObjectName& slice, const SliceObject& object) {
  return {slice.space, object.service};
}

}  // namespace

Cluster::Cluster(std::string own_space, StoreWatcher& watcher)
    : own_space_(std::move(own_space)),
      watcher_(watcher),
      documents_(read_document,
                 [this](const ObjectName&, const auto*, const auto*, uint64_t version) {
                   note(version);
                   documents_moved_ = true;
                 }),
      states_(read_state_object,
              [this](const ObjectName& name, const auto*, const auto*, uint64_t version) {
                note(version);
                moved_states_.insert(name);
              }),
      services_(read_service,
                [this](const ObjectName& name, const auto*, const auto*, uint64_t version) {
                  note(version);
                  moved_services_.insert(name);
                }),
      slices_(read_slice,
              [this](const ObjectName& name, const SliceObject* before, const SliceObject* after,
                     uint64_t version) {
                note(version);
                if (before != nullptr) index(name, *before, false);
                if (after != nullptr) index(name, *after, true);
              }),
      pods_([](const Json& object) { return std::optional(read_pod(object)); },
            [this](const ObjectName& name, const auto*, const auto*, uint64_t version) {
              note(version);
              const auto found = slices_of_pod_.find(name);
              if (found == slices_of_pod_.end()) return;
              for (const ObjectName& slice : found->second) {
                moved_services_.insert(service_of(slice, slices_.all().at(slice)));
              }
            }) {}

void Cluster::note(uint64_t version) { revision_ = std::max(revision_, version); }

void Cluster::index(const ObjectName& slice, const SliceObject& object, bool add) {
  const ObjectName service = service_of(slice, object);
  moved_services_.insert(service);
  const auto change = [&](std::map<ObjectName, std::set<ObjectName>>& map, const ObjectName& key) {
    std::set<ObjectName>& slices = map[key];
    add ? void(slices.insert(slice)) : void(slices.erase(slice));
    if (slices.empty()) map.erase(key);
  };
  change(slices_of_service_, service);
  for (const SliceObject::Endpoint& endpoint : object.endpoints) {
    if (!endpoint.pod.empty()) change(slices_of_pod_, {slice.space, endpoint.pod});
  }
}

// Of several the oldest, so that a newer one takes nothing over.
void Cluster::choose_mesh() {
  mesh_.reset();
  std::string created;
  for (const auto& [name, document] : documents_.all()) {
    if (!document.is_mesh || (!own_space_.empty() && name.space != own_space_)) continue;
    if (mesh_ && std::tie(created, *mesh_) <= std::tie(document.created, name)) continue;
    mesh_ = name;
    created = document.created;
  }
  // One that is gone takes no name away.
  if (mesh_) mesh_space_ = mesh_->space;
}

// Two that are the same document are none.
StoreEntries Cluster::document_entries() const {
  StoreEntries entries;
  for (const auto& [name, document] : documents_.all()) {
    if (document.is_mesh && (!mesh_ || name.space != mesh_space_)) continue;
    const ObjectName service{name.space, document.service};
    const std::string key =
        document.is_mesh ? "mesh.yaml" : "services/" + service_name(service, mesh_space_) + ".yaml";
    StoreEntry entry{.value = document.text.value_or(""),
                     .revision = document.version,
                     .origin = "configmap " + words(name),
                     .error = document.text ? "" : "has no key `document` in its data"};
    const auto [found, is_new] = entries.emplace(key, entry);
    if (is_new) continue;
    StoreEntry& other = found->second;
    other.error = other.origin + " and " + entry.origin + " are the same document";
    other.revision = std::max(other.revision, entry.revision);
    other.value.clear();
  }
  return entries;
}

StoreEntries Cluster::service_entries(const ObjectName& name) const {
  StoreEntries entries;
  const ServiceObject* const service = services_.find(name);
  if (service == nullptr) return entries;
  std::vector<const SliceObject*> slices;
  const auto found = slices_of_service_.find(name);
  if (found != slices_of_service_.end()) {
    for (const ObjectName& slice : found->second) slices.push_back(slices_.find(slice));
  }
  for (auto& [key, value] : discover(name, mesh_space_, *service, slices, pods_.all())) {
    entries[key] = {.value = std::move(value), .origin = "service " + words(name)};
  }
  return entries;
}

// State elsewhere is somebody else's.
StoreEntries Cluster::state_entries(const ObjectName& name) const {
  StoreEntries entries;
  const StateObject* const state = states_.find(name);
  if (state == nullptr || name.space != mesh_space_) return entries;
  for (const auto& [key, value] : state->values) {
    entries[key] = {
        .value = value, .revision = state->version, .origin = "configmap " + words(name)};
  }
  return entries;
}

// What is new, changed or gone, in the order of keys. A roll-out's record follows its ConfigMap's
// version, by which it is written; anything else the version of its last change.
void Cluster::replace(StoreEntries& before, StoreEntries now) {
  for (auto& [key, entry] : now) {
    const auto known = before.find(key);
    if (known != before.end() && known->second.value == entry.value &&
        known->second.origin == entry.origin && known->second.error == entry.error &&
        (known->second.revision == entry.revision || !key.starts_with("rollouts/"))) {
      entry.revision = known->second.revision;
      continue;
    }
    watcher_.on_changed(key, &entry, revision_);
  }
  for (const auto& [key, entry] : before) {
    if (!now.contains(key)) watcher_.on_changed(key, nullptr, revision_);
  }
  before = std::move(now);
}

void Cluster::settle() {
  if (!began_) return;
  if (std::exchange(documents_moved_, false)) {
    const std::string before = mesh_space_;
    choose_mesh();
    if (mesh_space_ != before) return tell_all();
    replace(of_documents_, document_entries());
  }
  for (const ObjectName& name : std::exchange(moved_services_, {})) {
    replace(of_services_[name], dated(service_entries(name)));
    if (of_services_[name].empty()) of_services_.erase(name);
  }
  for (const ObjectName& name : std::exchange(moved_states_, {})) {
    replace(of_states_[name], state_entries(name));
    if (of_states_[name].empty()) of_states_.erase(name);
  }
}

void Cluster::begin(uint64_t revision) {
  began_ = true;
  note(revision);
  choose_mesh();
  tell_all();
}

void Cluster::tell_all() {
  documents_moved_ = false;
  moved_services_.clear();
  moved_states_.clear();
  of_services_.clear();
  of_states_.clear();
  StoreEntries all = of_documents_ = document_entries();
  for (const auto& [name, service] : services_.all()) {
    all.merge(StoreEntries(of_services_[name] = dated(service_entries(name))));
  }
  for (const auto& [name, state] : states_.all()) {
    all.merge(StoreEntries(of_states_[name] = state_entries(name)));
  }
  watcher_.on_synced(std::move(all), revision_);
}

// What was discovered is as of now.
StoreEntries Cluster::dated(StoreEntries entries) const {
  for (auto& [key, entry] : entries) entry.revision = revision_;
  return entries;
}

}  // namespace woad::control::kubernetes
