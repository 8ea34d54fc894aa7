#include "proxy/control/documents/catalog_reading.h"

#include <algorithm>
#include <utility>

#include "proxy/control/documents/settings_table.h"
#include "proxy/control/store/keys.h"

namespace woad::control {
namespace {

// Of a service that was not discovered, in patterns of identities.
constexpr std::string_view kDefaultNamespace = "default";
// Whose file it is does not matter.
const std::string kAnyService = "service";

// The name of a service in a store's key; nothing: the key is something else.
std::optional<std::string> name_in(std::string_view key, std::string_view before,
                                   std::string_view behind) {
  if (!key.starts_with(before) || !key.ends_with(behind)) return std::nullopt;
  key.remove_prefix(before.size());
  if (key.size() < behind.size()) return std::nullopt;
  return std::string(key.substr(0, key.size() - behind.size()));
}

}  // namespace

CatalogReading::CatalogReading(const AllInstances& instances,
                               const std::vector<FilterKind>& registry, const Catalog* previous)
    : instances_(instances),
      previous_(previous),
      alone_check_(registry),
      words_check_(registry),
      instances_check_(registry) {}

Catalog CatalogReading::run(const StoreEntries& documents) {
  read_mesh_document(documents);
  read_services(documents);
  Catalog::Services services;
  if (mesh_) mesh_head_ = head_of(mesh_->words);
  if (has_mesh()) {
    for (auto& [name, service] : services_) {
      const Known* whole = whole_of(service);
      service.good = service.good && (whole == nullptr || whole->good) && take_words(name, service);
    }
    for (const auto& [name, service] : services_) {
      services.emplace(name,
                       Catalog::Service{skeleton_of(name, service), identities_of(name, service),
                                        service.discovered.name_space});
    }
  }
  if (mesh_ && std::none_of(services.begin(), services.end(),
                            [](const auto& each) { return each.second.skeleton != nullptr; })) {
    check_mesh_alone();
  }
  return {mesh_ ? std::move(mesh_->settings) : std::nullopt, std::move(services), problems_.take(),
          warnings_.take()};
}

bool CatalogReading::has_mesh() const { return mesh_ && mesh_->settings; }

void CatalogReading::read_mesh_document(const StoreEntries& documents) {
  const auto mesh = documents.find(kMesh);
  if (mesh == documents.end()) {
    problems_.add({std::string(kMesh), {}, "", "", "there is no such document"});
    return;
  }
  mesh_origin_ = mesh->second.origin;
  if (const Source* source = sources_.read(mesh->second, "")) mesh_ = read_mesh(*source, sources_);
}

void CatalogReading::read_services(const StoreEntries& documents) {
  for (const auto& [key, entry] : documents) {
    if (const auto name = name_in(key, kServices, kYaml)) {
      Known* service = claim(entry, *name);
      if (service == nullptr) continue;
      auto written = read_service(*service->document, sources_);
      service->good &= written.has_value();
      if (written) service->written = std::move(*written);
    } else if (const auto found = name_in(key, kDiscovered, "")) {
      Known* service = claim(entry, *found);
      if (service == nullptr) continue;
      auto discovered = read_discovered(*service->document, sources_);
      service->good &= discovered.has_value();
      if (!discovered) continue;
      service->discovered = std::move(*discovered);
      const std::string& whole = service->discovered.port_of;
      if (!whole.empty()) further_ports_.emplace(whole, *found);
    }
  }
  if (services_.size() - further_ports_.size() > kMostServices) {
    problems_.add({mesh_origin_, {}, "", "", "there are more than 5,000 services"});
    if (mesh_) mesh_->settings.reset();
  }
}

// nullptr: what it says cannot be used.
CatalogReading::Known* CatalogReading::claim(const StoreEntry& entry, const std::string& name) {
  std::string fault = fault_of_service_name(name);
  if (!fault.empty()) {
    problems_.add({entry.origin, {}, "", "", std::move(fault)});
    return nullptr;
  }
  Known& service = services_[name];
  const Source* source = sources_.read(entry, name);
  if (source == nullptr) {
    service.good = false;
    return nullptr;
  }
  service.document = source;
  return &service;
}

Entry CatalogReading::entry_of(const std::string& name, const Known& service) const {
  Entry entry{name, {service.document->index, {1, 1}}, {}};
  entry.value.kind = Value::Kind::kMap;
  for (const Value* words : {&service.discovered.service, &service.written.service}) {
    if (!words->is_null()) merge(entry.value, *words);
  }
  const Known* whole = whole_of(service);
  if (whole == nullptr || whole->written.service.is_null()) return entry;
  // The same pods behind another port: who they are and how they are called counts for it, too.
  Value words = whole->written.service;
  for (const char* of_one_port : {"hosts", "ports", "protocol", "endpoints", "health_check"}) {
    (void)words.take(of_one_port);
  }
  merge(entry.value, words);
  return entry;
}

// The service of which it is a further port; nullptr: it is one of its own.
const CatalogReading::Known* CatalogReading::whole_of(const Known& service) const {
  const auto whole = services_.find(service.discovered.port_of);
  return whole == services_.end() ? nullptr : &whole->second;
}

std::vector<std::string> CatalogReading::identities_of(const std::string& name,
                                                       const Known& service) const {
  // Of a document that cannot be read nobody knows whom it lets in: those it did.
  if (!service.good)
    return before(name) == nullptr ? std::vector<std::string>() : before(name)->identities;
  std::vector<std::string> patterns = service.written.identities;
  if (patterns.empty() && !mesh_->settings->identities.empty()) {
    patterns = {mesh_->settings->identities};
  }
  const bool found = !service.discovered.name.empty();
  for (std::string& pattern : patterns) {
    pattern = identity_of(std::move(pattern), name, found ? service.discovered.name : name,
                          found ? service.discovered.name_space : kDefaultNamespace);
  }
  return patterns;
}

const Catalog::Service* CatalogReading::before(const std::string& name) const {
  if (previous_ == nullptr) return nullptr;
  const auto found = previous_->services.find(name);
  return found == previous_->services.end() ? nullptr : &found->second;
}

// What is wrong with the mesh, or with what it says of other services, is told of whole files.
bool CatalogReading::take_words(const std::string& name, Known& service) {
  service.block = block_of(entry_of(name, service));
  Assembly assembly;
  assembly.head = *mesh_head_;
  assembly.uses.push_back({name, service.block});
  const Places places(assembly);
  bool good = true;
  for (const auto& error : alone_check_.run(name, assembly.skeleton()->render({})).errors) {
    const Place place = places.find(error.location);
    const Source* source = sources_.find(place.document);
    if (source == nullptr || source->service != name) continue;
    tell(problems_, name, place, error);
    good = false;
  }
  return good;
}

void CatalogReading::tell(ProblemList& list, const std::string& service, const Place& place,
                          const config::Diagnostic& found) const {
  const Source* source = sources_.find(place.document);
  list.add({source == nullptr ? mesh_origin_ : source->origin, place.at, service, found.path,
            sentence_of(found)});
}

SkeletonPtr CatalogReading::skeleton_of(const std::string& name, const Known& service) {
  if (!service.good) return nullptr;
  const auto assembly = assemble(name, service);
  if (!assembly) return nullptr;
  SkeletonPtr skeleton = assembly->skeleton();
  const Catalog::Service* old = before(name);
  if (old != nullptr && old->skeleton != nullptr && old->skeleton->id() == skeleton->id()) {
    return old->skeleton;
  }
  return check(name, *assembly, *skeleton) && check_instances(name, *skeleton) ? skeleton : nullptr;
}

std::optional<std::vector<std::string>> CatalogReading::uses_of(const std::string& name,
                                                                const Known& service) {
  std::set<std::string> uses;
  if (!service.written.uses) {
    for (const auto& [other, known] : services_) {
      if (other != name && known.discovered.port_of != name) uses.insert(other);
    }
  } else {
    std::vector<std::string_view> names;
    for (const Use& use : *service.written.uses) {
      uses.insert(use.name);
      const auto [first, end] = further_ports_.equal_range(use.name);
      for (auto port = first; port != end; ++port) uses.insert(port->second);
      if (services_.contains(use.name)) continue;
      if (names.empty()) {
        for (const auto& [other, known] : services_) names.push_back(other);
      }
      const std::string hint = config::did_you_mean(use.name, names);
      problems_.add({sources_.find(use.place.document)->origin, use.place.at, name, "uses",
                     "no service is named " + config::in_quotes(use.name) +
                         (hint.empty() ? "" : "; " + hint)});
    }
  }
  const bool hold = std::all_of(uses.begin(), uses.end(), [this](const std::string& used) {
    const auto found = services_.find(used);
    return found != services_.end() && found->second.good;
  });
  if (!hold) return std::nullopt;
  return std::vector<std::string>(uses.begin(), uses.end());
}

std::optional<Assembly> CatalogReading::assemble(const std::string& name, const Known& service) {
  const auto uses = uses_of(name, service);
  if (!uses) return std::nullopt;
  Assembly assembly;
  Value own;
  if (service.written.sidecar.is_null()) {
    assembly.head = *mesh_head_;
  } else {
    Value words = mesh_->words;
    merge(words, service.written.sidecar);
    own = words.take("services");
    assembly.head = head_of(words);
  }
  for (const std::string& used : *uses) use(assembly, used, own);
  for (Entry& entry : own.entries) {
    assembly.uses.push_back({"", block_of(std::move(entry))});
  }
  return assembly;
}

// What its sidecars say of the service themselves stands below what the service says.
void CatalogReading::use(Assembly& assembly, const std::string& name, Value& own) const {
  const Known& service = services_.find(name)->second;
  if (own.find(name) == nullptr) {
    assembly.uses.push_back({name, service.block});
    return;
  }
  const Entry words = entry_of(name, service);
  Entry merged{name, words.key_place, own.take(name)};
  merge(merged.value, words.value);
  assembly.uses.push_back({name, block_of(std::move(merged))});
}

bool CatalogReading::check(const std::string& name, const Assembly& assembly,
                           const Skeleton& skeleton) {
  const Findings found = words_check_.run(name, skeleton.render({}));
  if (found.errors.empty() && found.warnings.empty()) return true;
  const Places places(assembly);
  for (const auto& error : found.errors) tell(problems_, name, places.find(error.location), error);
  for (const auto& each : found.warnings) tell(warnings_, name, places.find(each.location), each);
  return found.errors.empty();
}

// Whoever keeps instances takes none that a file cannot have, so that this is a store that lies.
bool CatalogReading::check_instances(const std::string& name, const Skeleton& skeleton) {
  const auto& uses = skeleton.uses();
  if (std::none_of(uses.begin(), uses.end(),
                   [this](const Skeleton::Used& used) { return instances_.contains(used.name); })) {
    return true;
  }
  const auto errors = instances_check_.run(name, skeleton.render(instances_)).errors;
  for (const config::Diagnostic& error : errors) {
    problems_.add({services_.find(name)->second.document->origin,
                   {},
                   name,
                   error.path,
                   "an instance: " + sentence_of(error)});
  }
  return errors.empty();
}

// Services that do not hold stand there with their names alone, so that the mesh may route to them.
// What is found at no place of the mesh is for a service's file to say, as long as there is one.
void CatalogReading::check_mesh_alone() {
  Assembly assembly;
  assembly.head = *mesh_head_;
  for (const std::string& name : names_that_mesh_may_use()) {
    Entry service{name, {}, {}};
    service.value.kind = Value::Kind::kMap;
    assembly.uses.push_back({name, block_of(std::move(service))});
  }
  const Findings found = words_check_.run(kAnyService, assembly.skeleton()->render({}));
  const Places places(assembly);
  const auto tell_all = [&](ProblemList& list, const std::vector<config::Diagnostic>& all) {
    for (const config::Diagnostic& each : all) {
      const Place place = places.find(each.location);
      if (services_.empty() || sources_.find(place.document) != nullptr)
        tell(list, "", place, each);
    }
  };
  tell_all(problems_, found.errors);
  tell_all(warnings_, found.warnings);
}

std::set<std::string, std::less<>> CatalogReading::names_that_mesh_may_use() const {
  std::set<std::string, std::less<>> names;
  for (const auto& [name, service] : services_) {
    names.insert(name);
    const Entry* own = service.written.sidecar.find("services");
    if (own == nullptr) continue;
    for (const Entry& entry : own->value.entries) names.insert(entry.key);
  }
  return names;
}

std::shared_ptr<const Catalog> Catalog::read(const StoreEntries& documents,
                                             const AllInstances& instances,
                                             const std::vector<FilterKind>& registry,
                                             const Catalog* previous) {
  return std::make_shared<const Catalog>(
      CatalogReading(instances, registry, previous).run(documents));
}

}  // namespace woad::control
