// One reading of all documents (Catalog::read).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proxy/control/documents/assembly.h"
#include "proxy/control/documents/catalog.h"
#include "proxy/control/documents/file_check.h"
#include "proxy/control/documents/mesh_document.h"
#include "proxy/control/documents/service_document.h"

namespace woad::control {

class CatalogReading {
 public:
  static constexpr size_t kMostServices = 5000;

  // All outlive this; `previous` may be nullptr.
  CatalogReading(const AllInstances& instances, const std::vector<FilterKind>& registry,
                 const Catalog* previous);

  Catalog run(const StoreEntries& documents);

 private:
  // What was written of one service, by people and by the store.
  struct Known {
    const Source* document = nullptr;  // of either
    ServiceDocument written;
    DiscoveredService discovered;
    bool good = true;
    BlockLinesPtr block;
  };

  bool has_mesh() const;
  void read_mesh_document(const StoreEntries& documents);
  void read_services(const StoreEntries& documents);
  Known* claim(const StoreEntry& entry, const std::string& name);
  const Known* whole_of(const Known& service) const;
  // Of its words.
  Entry entry_of(const std::string& name, const Known& service) const;
  std::vector<std::string> identities_of(const std::string& name, const Known& service) const;
  const Catalog::Service* before(const std::string& name) const;

  // Whether a file can have its words, whoever uses it; then they are its block.
  bool take_words(const std::string& name, Known& service);
  // nullptr: it does not hold.
  SkeletonPtr skeleton_of(const std::string& name, const Known& service);
  // Nothing: it uses what is not there, or does not hold.
  std::optional<std::vector<std::string>> uses_of(const std::string& name, const Known& service);
  std::optional<Assembly> assemble(const std::string& name, const Known& service);
  void use(Assembly& assembly, const std::string& name, Value& own) const;
  bool check(const std::string& name, const Assembly& assembly, const Skeleton& skeleton);
  // `found` was found in a file of the service at `place`.
  void tell(ProblemList& list, const std::string& service, const Place& place,
            const config::Diagnostic& found) const;
  bool check_instances(const std::string& name, const Skeleton& skeleton);
  // What no service's file says of the mesh.
  void check_mesh_alone();
  std::set<std::string, std::less<>> names_that_mesh_may_use() const;

  const AllInstances& instances_;
  const Catalog* previous_;
  ProblemList problems_;
  ProblemList warnings_;
  Sources sources_{problems_};
  FileCheck alone_check_;      // of files with one service
  FileCheck words_check_;      // of files without instances
  FileCheck instances_check_;  // with them
  std::string mesh_origin_;
  std::optional<MeshDocument> mesh_;
  std::optional<Lines> mesh_head_;
  std::map<std::string, Known, std::less<>> services_;
  std::multimap<std::string, std::string> further_ports_;  // of a service: their names
};

}  // namespace woad::control
