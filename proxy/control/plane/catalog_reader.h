// Reads the documents anew whenever they change, beside the loop; the newest reading counts. One
// thread, the loop's.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "proxy/control/documents/catalog.h"
#include "proxy/net/background.h"

namespace woad::control {

class CatalogReader {
 public:
  using Read = std::function<void()>;

  // All outlive the reader. `read`: catalog() is another one, from the loop.
  CatalogReader(Background& background, std::vector<FilterKind> filters, Read read)
      : background_(background), filters_(std::move(filters)), read_(std::move(read)) {}

  // `revision`: of the documents.
  void read(StoreEntries documents, AllInstances instances, uint64_t revision);

  // nullptr until the first one was read.
  const std::shared_ptr<const Catalog>& catalog() const { return catalog_; }
  uint64_t revision() const { return revision_; }
  // The latest that had a mesh; nullptr: none yet.
  const std::shared_ptr<const Catalog>& last_with_mesh() const { return with_mesh_; }
  const Settings& settings() const;

 private:
  struct Work {
    StoreEntries documents;
    AllInstances instances;
    uint64_t revision = 0;
    std::shared_ptr<const Catalog> previous{};
    std::shared_ptr<const Catalog> read{};
  };

  void begin();
  void on_read(Work& work);

  Background& background_;
  std::vector<FilterKind> filters_;
  Read read_;
  std::shared_ptr<Work> next_;     // to be read
  std::shared_ptr<Work> current_;  // being read
  std::shared_ptr<const Catalog> catalog_;
  std::shared_ptr<const Catalog> with_mesh_;
  uint64_t revision_ = 0;
};

}  // namespace woad::control
