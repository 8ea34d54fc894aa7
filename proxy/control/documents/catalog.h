// What all documents of a store say together: the skeleton of each service's file, and what is
// wrong with them. Immutable once read; made beside the loop. Any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/control/documents/problem.h"
#include "proxy/control/documents/settings.h"
#include "proxy/control/documents/skeleton.h"
#include "proxy/control/store/store.h"
#include "proxy/filter/kind.h"

namespace woad::control {

struct Catalog {
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
                                             const Catalog* previous);

  // Nothing when mesh.yaml is missing or cannot be used: no service is judged then.
  std::optional<Settings> settings;
  // Every service that has a document or was discovered, broken ones too; none without a mesh.
  Services services;
  // By document and place.
  std::vector<Problem> problems;
  // What may not do what was meant, in files that were not taken over from `previous`.
  std::vector<Problem> warnings;
};

}  // namespace woad::control
