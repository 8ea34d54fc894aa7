#include "proxy/control/documents/catalog.h"

#include <utility>

#include "proxy/control/documents/catalog_reading.h"

namespace woad::control {

std::shared_ptr<const Catalog> Catalog::read(const StoreEntries& documents,
                                             const AllInstances& instances,
                                             const std::vector<FilterKind>& registry,
                                             std::shared_ptr<const Catalog> previous) {
  return std::make_shared<const Catalog>(
      CatalogReading(instances, registry, previous.get()).run(documents));
}

}  // namespace woad::control
