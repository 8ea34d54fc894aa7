// What all documents of a store say together: the skeleton of each service's file, and what is
// wrong with them. Immutable once read; made beside the loop. Any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/control/documents/problem.h"
#include "proxy/control/documents/settings.h"
#include "proxy/control/documents/skeleton.h"
#include "proxy/control/store/store.h"
#include "proxy/filter/kind.h"

namespace woad::control {

class Catalog {
 public:
  struct Service {
    // nullptr: its file does not hold, `problems` say why, and the last good one stays.
    SkeletonPtr skeleton;
    std::vector<std::string> identities;  // SPIFFE patterns of those who may have it
    std::string name_space;               // where it was discovered; "": it was not
  };

  using Services = std::map<std::string, Service, std::less<>>;

  // `documents`: mesh.yaml, services/… and discovered/… of a store (other keys do not matter).
  // Each skeleton is rendered with `instances` and checked as `woad validate` does it. What did not
  // change since `previous` (may be nullptr) is taken over. Blocks; not for a loop that serves.
  static std::shared_ptr<const Catalog> read(const StoreEntries& documents,
                                             const AllInstances& instances,
                                             const std::vector<FilterKind>& registry,
                                             std::shared_ptr<const Catalog> previous);

  // `settings`: nothing when mesh.yaml is missing or cannot be used, and no service is judged.
  Catalog(std::optional<Settings> settings, Services services, std::vector<Problem> problems,
          std::vector<Problem> warnings)
      : settings_(std::move(settings)),
        services_(std::move(services)),
        problems_(std::move(problems)),
        warnings_(std::move(warnings)) {}

  bool has_mesh() const { return settings_.has_value(); }
  // Only with a mesh.
  const Settings& settings() const { return *settings_; }
  // Every service that has a document or was discovered, broken ones too; none without a mesh.
  const Services& services() const { return services_; }
  // By document and place.
  const std::vector<Problem>& problems() const { return problems_; }
  // What may not do what was meant, in files that were not taken over from `previous`.
  const std::vector<Problem>& warnings() const { return warnings_; }

 private:
  std::optional<Settings> settings_;
  Services services_;
  std::vector<Problem> problems_;
  std::vector<Problem> warnings_;
};

}  // namespace woad::control
